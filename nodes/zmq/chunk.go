package zmq

import (
	"sync"
	"sync/atomic"
)

// Sizes of chunks. An idle connection costs the first, a busy one soon has the largest.
const (
	firstChunk = 4 << 10
	chunkSize  = 64 << 10
)

// chunk is a buffer of chunkSize bytes that goes round: a reader fills it, queues refer to parts of it, and when the last
// of them is done it is there to be filled again. A broker at work so allocates nothing.
//
// Whoever holds on to a part of buf retains the chunk; buf[i] is written at most once until all have released it. All
// methods do nothing for nil, which stands for bytes that the garbage collector takes care of.
type chunk struct {
	buf  []byte
	refs atomic.Int32

	of   *allowance // that it counts for; nil: it goes round
	size int        // what it counts
	over bool       // beyond the limit
	free bool       // nothing had to wait for it
}

var chunks = sync.Pool{New: func() any { return &chunk{buf: make([]byte, chunkSize)} }}

// takeChunk returns a chunk that belongs to the caller.
func takeChunk() *chunk {
	c := chunks.Get().(*chunk)
	c.refs.Store(1)
	return c
}

func (c *chunk) retain() {
	if c != nil {
		c.refs.Add(1)
	}
}

func (c *chunk) release() {
	if c == nil || c.refs.Add(-1) > 0 {
		return
	}
	if c.of != nil {
		c.of.giveChunk(c)
		return
	}
	chunks.Put(c)
}

// shared says that somebody beside the caller, who retains the chunk, does so.
func (c *chunk) shared() bool { return c.refs.Load() > 1 }
