package frame_test

import (
	"bytes"
	"testing"

	"zctl/nodes/websocket/frame"
)

// What is read can be written, and read again as the same.
func FuzzDecode(f *testing.F) {
	for _, r := range recordings(f) {
		for _, fr := range r.Frames {
			f.Add([]byte(fr.Data))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		frame.DecodeSubscriptions(in)
		if d, e, _ := frame.DecodeData(in, false); e == nil {
			checkAgain(t, frame.AppendData(nil, d.Topic, d.Event))
		}
		if _, e, _ := frame.DecodeData(in, true); e == nil {
			if _, e, err := frame.DecodeData(in, false); e != nil {
				t.Fatalf("read strictly, but not leniently: %v", err)
			}
		}
		if got, err := frame.Decode(in); err == nil {
			checkAgain(t, []byte(encode(got)))
		}
	})
}

func checkAgain(t *testing.T, text []byte) {
	got, err := frame.Decode(text)
	if err != nil {
		t.Fatalf("cannot read what was written: %s: %v", text, err)
	}
	if again := encode(got); !bytes.Equal([]byte(again), text) {
		t.Fatalf("got  %s\nwant %s", again, text)
	}
}
