package event

import (
	"bytes"
	"math"
	"testing"
	"time"
)

// TestExactJSON: what is written so reads as the same event, bit by bit, though
// AppendJSON rounds.
func TestExactJSON(t *testing.T) {
	t.Parallel()
	events := append(recorded(t), all(), Event{Name: "e", Args: []Value{
		Real(1e18), Real(-1.0000000001), Real(5), Real(math.SmallestNonzeroFloat64), String("\xff\x00\v\"\\/\x1f\u2028ü"), EnumValue("\xfe"),
		Timestamp(time.Unix(0, 1)), Timestamp(time.Unix(0, -1)), Timespan(1), Set(String("\xff"), String("\xfe")),
	}})
	for _, e := range events {
		text := e.AppendExactJSON(nil)
		back, err := Decode(FormatJSON, text)
		if err != nil || !bytes.Equal(back.Append(nil), e.Append(nil)) {
			t.Errorf("%s: %v, %v", text, back, err)
		}
	}
}

// TestExactReal: reals are written so that Zeek takes them for reals: with a fraction
// or an exponent, and the integer part below 2^64 (spec: websocket 5).
func TestExactReal(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{5: "5.0", 1e18: "1e+18", -0.25: "-0.25", 1e300: "1e+300", math.Inf(1): "1e511", math.Inf(-1): "-1e511"} {
		if got := string(appendExactReal(nil, f)); got != want {
			t.Errorf("%v is %s, want %s", f, got, want)
		}
	}
}
