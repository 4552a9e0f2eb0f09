package notify

import (
	"errors"
	"maps"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestSendAndListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", s.Path())
	tests := []struct {
		lines []string
		want  Message
		ready bool
	}{
		{[]string{"READY=1", "STATUS=4 of 4 peers up"}, Message{"READY": "1", "STATUS": "4 of 4 peers up"}, true},
		{[]string{"READY=0"}, Message{"READY": "0"}, false},
		{[]string{"nonsense\n\n=x\nA=b=c"}, Message{"A": "b=c"}, false},
		{[]string{strings.Repeat("x", 2*maxDatagram)}, Message{}, false},
	}
	for _, test := range tests {
		if err := Send(test.lines...); err != nil {
			t.Fatal(err)
		}
		m, err := s.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(m, test.want) || m.Ready() != test.ready {
			t.Errorf("%.40q: got %v, ready %v", test.lines, m, m.Ready())
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := Send("READY=1"); err == nil {
		t.Error("sent to a closed socket")
	}
	if m, err := s.Receive(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("received %v, %v from a closed socket", m, err)
	}
}

// TestListenAgain: a new supervisor takes the place of one that was killed.
func TestListenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	left, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer left.Close()
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	if err := Send("READY=1"); err != nil {
		t.Fatal(err)
	}
	if m, err := s.Receive(); err != nil || !m.Ready() {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestUnsupervised(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Send("READY=1"); err != nil {
		t.Error(err)
	}
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	for _, path := range []string{filepath.Join(t.TempDir(), "none", "s"), "/" + strings.Repeat("x", MaxPath)} {
		if s, err := Listen(path); err == nil || !strings.Contains(err.Error(), "cannot listen for notifications") {
			t.Errorf("%.20s: %v, %v", path, s, err)
		}
	}
}
