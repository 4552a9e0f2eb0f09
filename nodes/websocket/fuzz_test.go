package websocket

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"zctl/nodes/cluster"
)

const upgradeRequest = "GET /v1/messages/json HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// masked is a frame of a client with a mask of zeros.
func masked(opcode byte, payload string) string {
	frame := appendFrame(nil, opcode, []byte(payload))
	head := len(frame) - len(payload)
	frame[1] |= 0x80
	return string(frame[:head]) + "\x00\x00\x00\x00" + payload
}

// Whatever a client sends, the server serves it to an end, and nothing of it is left.
func FuzzSession(f *testing.F) {
	const data = `{"topic":"t","@data-type":"vector","data":[{"@data-type":"none"},{"@data-type":"none"},{"@data-type":"vector",` +
		`"data":[{"@data-type":"string","data":"e"},{"@data-type":"vector","data":[]}]}]}`
	f.Add("GET / HTTP/1.1\r\n\r\n")
	f.Add(upgradeRequest)
	f.Add(upgradeRequest + masked(opText, "[]") + masked(opText, data) + masked(opClose, "\x03\xe8bye"))
	f.Add(upgradeRequest + masked(opText, `["a",""]`) + masked(opPing, "x") + masked(opText, data) + masked(opText, "garbage"))
	f.Add(upgradeRequest + masked(opText, `[1]`) + masked(opText, data) + masked(opPong, "x") + "\x01\x80\x00\x00\x00\x00")
	s := New(Options{NodeID: "fuzz"})
	if _, err := s.Listen(ListenOptions{Address: "127.0.0.1:0", MaxFrame: 4096, MaxQueued: 4096, PingInterval: -1}); err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	bus := cluster.NewBus()
	go func() { done <- s.Run(ctx, bus.Connect) }()
	f.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			f.Error(err)
		}
	})
	l := s.listeners[0]
	for running := false; !running; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		running = s.backend != nil
		s.mu.Unlock()
	}
	f.Fuzz(func(t *testing.T, in string) {
		ours, theirs := net.Pipe()
		go func() {
			go io.Copy(io.Discard, theirs)
			theirs.SetWriteDeadline(time.Now().Add(time.Minute))
			io.WriteString(theirs, in)
			theirs.Close()
		}()
		served := make(chan struct{})
		go func() { defer close(served); l.serve(ours, 0) }()
		select {
		case <-served:
		case <-time.After(time.Minute):
			t.Fatal("the server does not come to an end")
		}
		s.subscriptions.mu.RLock()
		defer s.subscriptions.mu.RUnlock()
		if len(s.subscriptions.prefixes) > 0 {
			t.Fatalf("subscriptions are left: %v", s.subscriptions.prefixes)
		}
	})
}
