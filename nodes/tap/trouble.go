package tap

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// UnreachableError says that no connection to a broker, or a WebSocket server, came about
// in time.
type UnreachableError struct {
	Endpoint string
	Cause    string // of the last attempt, with the endpoint; "" if nothing is known
	Err      error  // instead of Cause: what is to be said of a WebSocket server
}

// Unwrap is Err.
func (e *UnreachableError) Unwrap() error { return e.Err }

func (e *UnreachableError) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	if e.Cause == "" {
		return "cannot reach the broker at " + e.Endpoint + " in time; is that where it listens?"
	}
	return "cannot reach the broker: " + e.Cause + "; does the cluster run, and is that where its broker listens?"
}

// trouble is a log handler that keeps the last cause a socket gave for not being
// connected, and hands everything on.
type trouble struct {
	slog.Handler

	mu   sync.Mutex // guards what follows
	last string
}

func newTrouble(log *slog.Logger) *trouble {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &trouble{Handler: log.Handler()}
}

// Enabled is for all there is.
func (t *trouble) Enabled(context.Context, slog.Level) bool { return true }

// Handle keeps the error of the record.
func (t *trouble) Handle(ctx context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "err" {
			t.note(a.Value.String())
		}
		return true
	})
	if t.Handler.Enabled(ctx, r.Level) {
		return t.Handler.Handle(ctx, r)
	}
	return nil
}

func (t *trouble) note(cause string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = cause
}

func (t *trouble) unreachable(endpoint string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return &UnreachableError{Endpoint: endpoint, Cause: t.last}
}

// lost makes an error of a connection's end.
func lost(endpoint string, err error) error {
	return fmt.Errorf("lost the broker at %s: %w", endpoint, err)
}
