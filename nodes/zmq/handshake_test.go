package zmq

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// script is a connection whose peer said everything in advance. (The library deadlocks on net.Pipe: both ends write
// first; spec: zmq4 5.)
type script struct {
	net.Conn
	in  *bytes.Reader
	out bytes.Buffer
}

func newScript(said string) *script { return &script{in: bytes.NewReader([]byte(said))} }

func (s *script) Read(p []byte) (int, error)  { return s.in.Read(p) }
func (s *script) Write(p []byte) (int, error) { return s.out.Write(p) }
func (s *script) SetDeadline(time.Time) error { return nil }

func (s *script) shake(typ zmq4.SocketType) error {
	return handshake(s, typ, null.Security(), true, time.Second)
}

// greeting31 is what libzmq 4.3 sends first.
func greeting31(mechanism string) string {
	return "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01" + mechanism + strings.Repeat("\x00", 20-len(mechanism)) + strings.Repeat("\x00", 32)
}

func readyOf(typ string) string {
	return string(appendCommand(nil, "READY", []byte("\x0bSocket-Type\x00\x00\x00"+string(rune(len(typ)))+typ)))
}

func TestHandshakeReadsNothingBeyond(t *testing.T) {
	t.Parallel()
	s := newScript(greeting31("NULL") + readyOf("XSUB") + "\x00\x06\x01topic")
	check(t, s.shake(zmq4.XPub))
	if rest, _ := io.ReadAll(s.in); string(rest) != "\x00\x06\x01topic" {
		t.Errorf("left %q", rest)
	}
	if got := s.out.String(); len(got) < 64 || got[10:16] != "\x03\x00NULL" || !strings.Contains(got, "Socket-Type\x00\x00\x00\x04XPUB") {
		t.Errorf("sent %q", got)
	}
}

// The types that may meet (spec: wire 1.6).
func TestHandshakeTypes(t *testing.T) {
	t.Parallel()
	for ours, good := range map[zmq4.SocketType]string{
		zmq4.XPub: "SUB XSUB", zmq4.XSub: "PUB XPUB", zmq4.Pull: "PUSH", zmq4.Push: "PULL",
	} {
		for _, theirs := range strings.Fields("PUB SUB XPUB XSUB PUSH PULL REQ REP DEALER ROUTER PAIR") {
			err := newScript(greeting31("NULL") + readyOf(theirs)).shake(ours)
			fits := strings.Contains(" "+good+" ", " "+theirs+" ")
			if fits != (err == nil) {
				t.Errorf("%s with %s: %v", ours, theirs, err)
			}
		}
	}
}

func TestHandshakeRefuses(t *testing.T) {
	t.Parallel()
	greeting := greeting31("NULL")
	for name, said := range map[string]string{
		"HTTP":                    "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: something long enough to fill it\r\n\r\n",
		"ZMTP 2":                  "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01" + strings.Repeat("\x00", 53),
		"other mechanism":         greeting31("CURVE"),
		"unknown socket type":     greeting + readyOf("TEAPOT"),
		"no socket type":          greeting + string(appendCommand(nil, "READY", nil)),
		"wrong command":           greeting + string(appendCommand(nil, "ERROR", []byte("\x02no"))),
		"message for READY":       greeting + "\x00\x05hello",
		"property beyond the end": greeting + string(appendCommand(nil, "READY", []byte("\xffSocket-Type\x00\x00\x00\x04XSUB"))),
		"value beyond the end":    greeting + string(appendCommand(nil, "READY", []byte("\x0bSocket-Type\xff\xff\xff\xffXSUB"))),
		"value without length":    greeting + string(appendCommand(nil, "READY", []byte("\x0bSocket-Type\x00"))),
		"empty command":           greeting + "\x04\x00",
		"frame of 2^62":           greeting + "\x06\x40\x00\x00\x00\x00\x00\x00\x00",
		"frame of 4 TB":           greeting + "\x06\x00\x00\x04\x00\x00\x00\x00\x00",
		"frame of 17 kB":          greeting + "\x06\x00\x00\x00\x00\x00\x00\x44\x00" + strings.Repeat("x", 17<<10),
		"endless frames":          greeting + strings.Repeat("\x05\xff"+strings.Repeat("x", 255), 100),
	} {
		err := newScript(said).shake(zmq4.XPub)
		var bad *misbehaviour
		if !errors.As(err, &bad) {
			t.Errorf("%s: got error %v, want a misbehaviour", name, err)
		}
	}
	for name, said := range map[string]string{"nothing": "", "half a greeting": greeting[:40], "no READY": greeting} {
		err := newScript(said).shake(zmq4.XPub)
		var bad *misbehaviour
		if err == nil || errors.As(err, &bad) {
			t.Errorf("%s: got error %v, want a broken connection", name, err)
		}
	}
}

func TestHandshakeDeadline(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer ln.Close()
	silent, err := net.Dial("tcp", ln.Addr().String())
	check(t, err)
	defer silent.Close()
	nc, err := ln.Accept()
	check(t, err)
	defer nc.Close()
	_, err = silent.Write([]byte(greeting31("NULL")[:5])) // and no more
	check(t, err)
	err = handshake(nc, zmq4.Pull, null.Security(), true, 10*time.Millisecond)
	var bad *misbehaviour
	if !errors.As(err, &bad) || strings.Contains(err.Error(), "hung up") {
		t.Errorf("got error %v", err)
	}
}

func FuzzHandshake(f *testing.F) {
	greeting := greeting31("NULL")
	f.Add([]byte(greeting+readyOf("XSUB")), true)
	f.Add([]byte(greeting+readyOf("TEAPOT")), false)
	f.Add([]byte(greeting+"\x06\x40\x00\x00\x00\x00\x00\x00\x00"), true)
	f.Add([]byte(greeting+string(appendCommand(nil, "READY", []byte("\x0bSocket-Type\xff\xff\xff\xffXSUB")))), true)
	f.Add([]byte(greeting+"\x05\x06\x05READY\x04\x00"), false)
	f.Add([]byte(greeting31("CURVE")), true)
	f.Fuzz(func(t *testing.T, said []byte, server bool) {
		s := newScript(string(said))
		if handshake(s, zmq4.XPub, null.Security(), server, time.Second) == nil && !bytes.Contains(said, []byte("SUB")) {
			t.Error("accepted a peer that is no subscriber")
		}
	})
}
