package websocket

import (
	"log/slog"
	"sync"
	"time"

	"zctl/nodes/internal/damp"
)

// fresh is what is in files that may change while the node runs. They are read whenever
// it is asked for, so that a new one needs no restart. If they cannot be used, what was
// in them before still holds, and that is said.
type fresh[T any] struct {
	what string // it is, for the log
	read func() (T, error)
	quiet

	mu    sync.Mutex // guards what follows
	last  T
	known bool
}

func (f *fresh[T]) get() (T, error) {
	now, err := f.read()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
		f.last, f.known = now, true
	case f.known:
		f.warn("cannot use the new "+f.what+"; the one before still holds", "err", err)
		return f.last, nil
	}
	return now, err
}

// quiet warns of what may happen all the time, and strangers bring about.
type quiet struct {
	log *slog.Logger

	warning sync.Mutex // guards what follows
	damper  damp.Damper
}

func (q *quiet) warn(text string, args ...any) {
	q.warning.Lock()
	defer q.warning.Unlock()
	q.damper.Do(time.Now(), func(more int) { q.log.Warn(text, append(args, "suppressed", more)...) })
}
