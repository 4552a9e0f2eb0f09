package curve

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net"
	"os"
	"testing"

	"github.com/go-zeromq/zmq4"
)

// transcript is a connection to libzmq 4.3.4 with the manual's keys, as recorded: what the Mechanism received and sent,
// from the greeting to the last MESSAGE, when its randomness was counting(0).
type transcript struct{ Received, Sent string }

// replay is a connection whose peer is a transcript.
type replay struct {
	net.Conn
	in  *bytes.Reader
	out bytes.Buffer
}

func (r *replay) Read(p []byte) (int, error)  { return r.in.Read(p) }
func (r *replay) Write(p []byte) (int, error) { return r.out.Write(p) }

// shake replays a handshake, which must send what was sent then, and returns what came after it in each direction.
func shake(t *testing.T, file string, typ zmq4.SocketType, server bool) (s *Session, received, sent []byte) {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	var recorded transcript
	check(t, json.Unmarshal(text, &recorded))
	in, err := hex.DecodeString(recorded.Received)
	check(t, err)
	out, err := hex.DecodeString(recorded.Sent)
	check(t, err)
	r := &replay{in: bytes.NewReader(in)}
	m := New(manualKeys(t))
	m.random = counting(0)
	_, err = zmq4.Open(r, m, typ, nil, server, nil)
	check(t, err)
	// The order of zmq4's two properties is that of a map, so the last box that we sent may be another one.
	last := boxOverhead + len(properties(string(typ)))
	if !server {
		last += keySize + vouchSize
	}
	if n := r.out.Len() - last; !bytes.Equal(r.out.Bytes()[:n], out[:n]) {
		t.Errorf("sent\n%x, then it was\n%x", r.out.Bytes()[:n], out[:n])
	}
	return m.Session(), in[len(in)-r.in.Len():], out[r.out.Len():]
}

// frames opens MESSAGE frames, and returns flags and body of each.
func frames(t *testing.T, s *Session, wire []byte) (opened []string) {
	t.Helper()
	for len(wire) > 0 {
		size, header := int(wire[1]), 2
		if wire[0] == 2 {
			size, header = int(wire[7])<<8+int(wire[8]), 9
		}
		body, err := s.Open(nil, wire[header:header+size])
		check(t, err)
		opened = append(opened, string(body))
		wire = wire[header+size:]
	}
	return opened
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// An XPUB of libzmq that got a subscription and sent a message of three frames.
func TestRecordedLibzmqServer(t *testing.T) {
	t.Parallel()
	s, received, sent := shake(t, "testdata/libzmq-server.json", zmq4.XSub, false)
	expect(t, frames(t, s, received), "\x01topic", "\x01"+string(bytes.Repeat([]byte("x"), 300)), "\x00")
	if got := s.Seal([]byte("\x00\x27"), 0, []byte("\x01topic")); !bytes.Equal(got, sent) {
		t.Errorf("sealed %x, then it was %x", got, sent)
	}
}

// An XSUB of libzmq that subscribed, and pinged, and got a message of three frames.
func TestRecordedLibzmqClient(t *testing.T) {
	t.Parallel()
	s, received, sent := shake(t, "testdata/libzmq-client.json", zmq4.XPub, true)
	got := frames(t, s, received)
	expect(t, got[:2], "\x00\x01topic", "\x02\x04PING\x00\x00")
	sealed := s.Seal([]byte("\x00\x26"), FlagMore, []byte("topic"))
	sealed = s.Seal(append(sealed, "\x00\x22"...), FlagMore, []byte("x"))
	sealed = s.Seal(append(sealed, "\x00\x21"...), 0, nil)
	if !bytes.Equal(sealed, sent) {
		t.Errorf("sealed %x, then it was %x", sealed, sent)
	}
}
