package event

import "testing"

// TestDecodeValue: each value is read back from its encoding, and no beginning
// of it is taken for a whole.
func TestDecodeValue(t *testing.T) {
	t.Parallel()
	for _, v := range samples(500) {
		payload := v.AppendBin(nil)
		if got, err := DecodeValueString(string(payload)); err != nil || string(got.AppendBin(nil)) != string(payload) {
			t.Errorf("%s: got %s, %v", v, got, err)
		}
		for n := range payload {
			if got, err := DecodeValue(payload[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes are %s", v, n, len(payload), got)
			}
		}
	}
}
