package websocket_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"zctl/nodes/websocket"
)

// syncBuffer is what is logged, as long as that goes on.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// A new token in the file holds from the next connection on, and those that there are
// stay. A file that is of no use changes nothing, and is said to be so, but not each time.
func TestTokenFileChanges(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first\n")
	var said syncBuffer
	s := serve(t, websocket.Options{Log: slog.New(slog.NewTextHandler(&said, nil))}, websocket.ListenOptions{TokenFile: file})
	for _, step := range []struct {
		text        string
		first, next int
	}{
		{"first\n", 101, 401},
		{"next", 401, 101},
		{"\n", 401, 101},
		{"two\nlines", 401, 101},
		{strings.Repeat("x", 5000), 401, 101},
		{"first", 101, 401},
	} {
		write(step.text)
		first, next := upgrade(t, s, "Authorization: Bearer first"), upgrade(t, s, "Authorization: Bearer next")
		if first != step.first || next != step.next {
			t.Errorf("%.10q: got %d and %d, want %d and %d", step.text, first, next, step.first, step.next)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if got := upgrade(t, s, "Authorization: Bearer first"); got != 101 {
		t.Errorf("without the file: got %d", got)
	}
	if got := strings.Count(said.String(), "cannot use the new token of WebSocket clients"); got < 1 || got > 6 { // of seven: damped
		t.Errorf("said %d times: %s", got, said.String())
	}
}

// A token file that is of no use from the beginning lets nobody in: there is no server.
func TestTokenFileErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": " \n", "lines": "a\nb", "long": strings.Repeat("x", 5000)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"empty": "is empty", "lines": "more than one line", "long": "more than 4096 bytes", "missing": "no such file"} {
		s := websocket.New(websocket.Options{NodeID: nodeID})
		_, err := s.Listen(websocket.ListenOptions{Address: "127.0.0.1:0", TokenFile: filepath.Join(dir, name)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	s := websocket.New(websocket.Options{NodeID: nodeID})
	if _, err := s.Listen(websocket.ListenOptions{Address: "127.0.0.1:0", Token: "t", TokenFile: filepath.Join(dir, "empty")}); err == nil || !strings.Contains(err.Error(), "give one of them") {
		t.Errorf("both: got %v", err)
	}
}
