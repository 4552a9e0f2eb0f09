package zmq

import (
	"bytes"
	"testing"
)

func TestAppendMessage(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte{'x'}, 256)
	for _, c := range []struct {
		name string
		in   Message
		want []byte
	}{
		{"one empty frame", message(""), []byte{0, 0}},
		{"more", message("a", "bc"), []byte{1, 1, 'a', 0, 2, 'b', 'c'}},
		{"255 bytes are short", Message{long[:255]}, append([]byte{0, 255}, long[:255]...)},
		{"256 bytes are long", Message{long}, append([]byte{2, 0, 0, 0, 0, 0, 0, 1, 0}, long...)},
		{"long and more", Message{long, nil}, append(append([]byte{3, 0, 0, 0, 0, 0, 0, 1, 0}, long...), 0, 0)},
	} {
		got := appendMessage(nil, c.in)
		if !bytes.Equal(got, c.want) {
			t.Errorf("%s: got % x, want % x", c.name, got, c.want)
		}
		if c.in.wireSize() != len(got) {
			t.Errorf("%s: wireSize is %d, want %d", c.name, c.in.wireSize(), len(got))
		}
	}
}

func TestSubscriptionForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		wire  string
		topic string
		add   bool
		ok    bool
	}{
		{"subscribe", "\x00\x03\x01ab", "ab", true, true},
		{"subscribe to all", "\x00\x01\x01", "", true, true},
		{"unsubscribe", "\x00\x03\x00ab", "ab", false, true},
		{"SUBSCRIBE", "\x04\x0c\x09SUBSCRIBEab", "ab", true, true},
		{"CANCEL", "\x04\x09\x06CANCELab", "ab", false, true},
		{"other command", "\x04\x05\x04PONG", "", false, false},
		{"user message", "\x00\x02\x02a", "", false, false},
		{"empty message", "\x00\x00", "", false, false},
		{"two frames", "\x01\x02\x01a\x00\x00", "", false, false},
	} {
		p, err := newReader(bytes.NewReader([]byte(c.wire)), 100).next()
		check(t, err)
		got, ok := p.subscription()
		if ok != c.ok || ok && (string(got.topic) != c.topic || got.add != c.add) {
			t.Errorf("%s: got %q %v %v", c.name, got.topic, got.add, ok)
		}
	}
	if got := appendSubscription(nil, "ab", true); string(got) != "\x00\x03\x01ab" {
		t.Errorf("appended %q", got)
	}
	if got := appendSubscription(nil, "ab", false); string(got) != "\x00\x03\x00ab" {
		t.Errorf("appended %q", got)
	}
}

func TestPong(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"\x00\x0a":                   "\x04\x05\x04PONG",
		"\x00\x0acontext":            "\x04\x0c\x04PONGcontext",
		"\x00\x0a0123456789abcdefgh": "\x04\x15\x04PONG0123456789abcdef", // 16 bytes at most
	} {
		got, err := pongFor([]byte(data))
		if err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v, want %q", data, got, err, want)
		}
	}
	if _, err := pongFor([]byte{0}); err == nil {
		t.Error("a PING without time to live was answered")
	}
}
