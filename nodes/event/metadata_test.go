package event

import (
	"bytes"
	"testing"
	"time"
)

func TestMetadata(t *testing.T) {
	t.Parallel()
	e := Event{Name: "M::e"}
	if _, ok := e.Timestamp(); ok {
		t.Error("a timestamp out of nothing")
	}
	at := time.Unix(1500000000, 123456000).UTC()
	e.SetMeta(MetaTimestamp, Timestamp(time.Unix(1, 0)))
	e.SetMeta(200, String("m"))
	copied := e
	e.SetMeta(MetaTimestamp, Timestamp(at))
	if got, ok := e.Timestamp(); !ok || !got.Equal(at) {
		t.Errorf("timestamp %v, %v", got, ok)
	}
	if got, ok := copied.Timestamp(); !ok || got.Unix() != 1 {
		t.Errorf("the copy's timestamp became %v, %v", got, ok)
	}
	if v, ok := e.Meta(200); !ok || !v.Equal(String("m")) || e.Metadata.n != 2 {
		t.Errorf("metadata %v", e.Metadata)
	}
	if v, ok := e.Meta(201); ok {
		t.Errorf("metadata out of nothing: %v", v)
	}
}

// TestOddMetadata: what came is kept and written again, whether we understand
// it or not (spec: wire T21).
func TestOddMetadata(t *testing.T) {
	t.Parallel()
	for name, metadata := range map[string]Value{
		"empty, as of Zeek 8.0.0": List(),
		"twice the same id":       List(List(Count(1), Timestamp(time.Unix(7, 0))), List(Count(1), Timestamp(time.Unix(8, 0)))),
		"what is no pair":         List(Count(1), List(), List(Count(1)), List(Integer(1), Count(2)), List(Count(1), Timestamp(time.Unix(7, 0)))),
		"a timestamp that is not": List(List(Count(1), Count(2))),
	} {
		payload := Event{Name: "M::e", Metadata: metadata}.Append(nil)
		e, err := Decode(FormatBin, payload)
		if err != nil || !bytes.Equal(e.Append(nil), payload) || !e.Metadata.Equal(metadata) {
			t.Errorf("%s: %v, %v", name, e, err)
		}
		if got, ok := e.Timestamp(); ok != (metadata.n > 1) || ok && got.Unix() != 7 {
			t.Errorf("%s: timestamp %v, %v", name, got, ok)
		}
	}
}

// TestLongEnvelope: more elements than there should be are ignored, as by Zeek.
func TestLongEnvelope(t *testing.T) {
	t.Parallel()
	body := List(String("M::e"), List(), List(), Count(9))
	e, err := Decode(FormatBin, List(Count(1), Count(1), body, List()).AppendBin(nil))
	if err != nil || e.Name != "M::e" || e.Metadata.kind != KindList {
		t.Errorf("%v, %v", e, err)
	}
}
