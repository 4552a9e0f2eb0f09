package websocket

import (
	"io"
	"net"
	"testing"
	"time"
)

// Who closes while frames are about to be sent still gets his close frame sent, unless
// one of the frames was cut.
func TestCloseBeforeSend(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { theirs.Close() })
	w := &wire{Conn: ours, raw: ours, timeout: time.Minute}
	w.closing.Store(true) // the first that close does; then it waits for who sends
	if err := w.send(net.Buffers{appendFrame(nil, opPing, nil)}); err != errClosing {
		t.Errorf("sent, or not with the error %v", err)
	}
	go func() {
		w.close(terminating)
		ours.Close()
	}()
	got, err := io.ReadAll(theirs)
	if want := string(terminating.frame()); err != nil || string(got) != want {
		t.Errorf("got %x, %v, want the close frame, %x", got, err, want)
	}
}
