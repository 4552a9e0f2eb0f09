package store

import (
	"context"
	"time"

	"zctl/nodes/event"
)

// Backend is where a master keeps its contents so that they survive it; the
// memory backend is none at all. It is used by one goroutine at a time.
type Backend interface {
	// Load tells all entries, in any order; zero as deadline is never. Key and
	// value are only good until each returns. It stops at the first error of each.
	Load(ctx context.Context, each func(key, value event.Value, deadline time.Time) error) error
	// Write writes changes in their order, and how far their writers have come,
	// in one transaction: all of it or, with an error, nothing; then it may be
	// tried again. It is as durable as the backend promises when it returns.
	Write(ctx context.Context, changes []Change, sessions []Session) error
	// Sessions tells how far each writer has come.
	Sessions() ([]Session, error)
	// Close gives the storage free. Nothing is lost by not calling it.
	Close() error
}

// Session is how far the operations of a writer were applied. Kept together with
// what they changed, it tells a master that was restarted which operations it
// sees for the second time.
type Session struct {
	Writer string
	Seq    uint64 // of its last operation; 0 is that it can be forgotten
}
