package notify

import (
	"errors"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSendAndListen shows what arrives of messages of every form, and that a
// closed socket is gone on both sides.
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
		{[]string{"READY=1", strings.Repeat("x", 2*maxDatagram)}, Message{"READY": "1"}, true},
		{nil, Message{}, false},
	}
	for _, test := range tests {
		if err := Send(test.lines...); err != nil {
			t.Fatal(err)
		}
		m, err := receive(s)
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
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if err := s.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed again: %v", err)
	}
	if err := Send("READY=1"); err == nil {
		t.Error("sent to a closed socket")
	}
	if m, err := receive(s); !errors.Is(err, net.ErrClosed) {
		t.Errorf("received %v, %v from a closed socket", m, err)
	}
}

// receive waits for the next message.
func receive(s *Socket) (Message, error) {
	for {
		if err := s.Wait(); err != nil {
			return nil, err
		}
		if m, ok := s.Next(); ok {
			return m, nil
		}
	}
}

// TestNextDoesNotWait shows that messages can be taken until there are none,
// also while somebody waits for one, and that taking wakes nobody up.
func TestNextDoesNotWait(t *testing.T) {
	s, err := Listen(filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", s.Path())
	if m, ok := s.Next(); ok {
		t.Errorf("took %v before anything was sent", m)
	}
	if err := errors.Join(Send("A=1"), Send("A=2")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1", "2"} {
		if m, ok := s.Next(); !ok || m["A"] != want {
			t.Errorf("took %v, %v, want A=%s", m, ok, want)
		}
	}
	if m, ok := s.Next(); ok {
		t.Errorf("took %v after everything had been taken", m)
	}
	waited := make(chan error, 1)
	go func() { waited <- s.Wait() }()
	select {
	case err := <-waited:
		t.Errorf("there is nothing to wait for any more, but Wait returned %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	if m, ok := s.Next(); ok {
		t.Errorf("took %v while somebody waits", m)
	}
	s.Close()
	if err := <-waited; !errors.Is(err, net.ErrClosed) {
		t.Errorf("the socket was closed, but Wait returned %v", err)
	}
	if m, ok := s.Next(); ok {
		t.Errorf("took %v from a closed socket", m)
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
	if m, err := receive(s); err != nil || !m.Ready() {
		t.Errorf("got %v, %v", m, err)
	}
}

// TestUnsupervised shows that a program that nobody supervises need not care.
func TestUnsupervised(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Send("READY=1"); err != nil {
		t.Error(err)
	}
}

// TestDeafSupervisor shows that a program is not held up by a supervisor that has
// stopped listening.
func TestDeafSupervisor(t *testing.T) {
	s, err := Listen(filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	t.Setenv("NOTIFY_SOCKET", s.Path())
	begin := time.Now()
	for err == nil && time.Since(begin) < 10*time.Second { // until the queue is full
		err = Send("READY=1")
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(err.Error(), "cannot notify supervisor: ") {
		t.Errorf("got %v", err)
	}
	if m, err := receive(s); err != nil || !m.Ready() {
		t.Errorf("what was sent before: %v, %v", m, err)
	}
}

// TestLongestPath shows that MaxPath is what Linux allows.
func TestLongestPath(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "z") // short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	longest := filepath.Join(dir, strings.Repeat("x", MaxPath-len(dir)-1))
	s, err := Listen(longest)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s, err := Listen(longest + "x"); err == nil {
		s.Close()
		t.Errorf("listened at a path of %d bytes", MaxPath+1)
	}
}

// TestParse shows which lines of a datagram count: KEY=value, the last of each
// key, and nothing about values is changed.
func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want Message
	}{
		{"", Message{}},
		{"\n\n", Message{}},
		{"READY", Message{}},
		{"=1", Message{}},
		{"READY=1\n", Message{"READY": "1"}},
		{"READY=", Message{"READY": ""}},
		{"A=1\nB=2\nA=3", Message{"A": "3", "B": "2"}},
		{"A= b = c \r\n", Message{"A": " b = c \r"}},
		{"A=\x00\xff", Message{"A": "\x00\xff"}},
	}
	for _, test := range tests {
		if got := parse(test.text); !maps.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

// FuzzParse shows that whatever a process sends is understood or ignored, and
// that what is understood was sent.
func FuzzParse(f *testing.F) {
	f.Add("READY=1\nSTATUS=4 of 4 peers up\nX_PEERS_UP=4")
	f.Add("=\n==\nA=B=C\r\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		for key, value := range parse(text) {
			if line := key + "=" + value; key == "" || !slices.Contains(strings.Split(text, "\n"), line) {
				t.Errorf("%q was never sent", line)
			}
		}
	})
}

// TestListenErrors shows what is said of a socket that cannot be.
func TestListenErrors(t *testing.T) {
	t.Parallel()
	for _, path := range []string{filepath.Join(t.TempDir(), "none", "s"), "/" + strings.Repeat("x", MaxPath)} {
		if s, err := Listen(path); err == nil || !strings.Contains(err.Error(), "cannot listen for notifications") {
			t.Errorf("%.20s: %v, %v", path, s, err)
		}
	}
}
