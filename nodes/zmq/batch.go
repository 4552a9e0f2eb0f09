package zmq

import (
	"net"
	"slices"
)

// referFrom is how many wire bytes are referred to instead of copied. A reference keeps a whole chunk, so what a queue
// holds is at most twice what it counts, and one chunk.
const referFrom = chunkSize / 2

// batch is messages on their way to the wire. Few bytes are copied one behind the other into segments that it owns, so
// that many messages make one write; many are referred to (spec: zmq4 6).
type batch struct {
	segments []segment
	count    int // messages
	size     int // bytes of all segments
}

type segment struct {
	bytes []byte
	chunk *chunk // that bytes are part of, retained; nil: the garbage collector's
	owned bool   // the batch may append to it
}

// addRun appends messages that are encoded already and do not change while their chunk is retained.
func (b *batch) addRun(r run, c *chunk) {
	if len(r.wire) >= referFrom {
		c.retain()
		b.segments = append(b.segments, segment{bytes: r.wire, chunk: c})
	} else {
		tail := b.tail(len(r.wire))
		tail.bytes = append(tail.bytes, r.wire...)
	}
	b.count += r.count
	b.size += len(r.wire)
}

// addMessage encodes a message of the given wire size.
func (b *batch) addMessage(m Message, size int) {
	tail := b.tail(size)
	tail.bytes = appendMessage(tail.bytes, m)
	b.count++
	b.size += size
}

// tail returns an owned segment to which n bytes may be appended.
func (b *batch) tail(n int) *segment {
	if k := len(b.segments); k > 0 {
		if last := &b.segments[k-1]; last.owned && len(last.bytes)+n <= cap(last.bytes) {
			return last
		}
	}
	s := segment{owned: true}
	if n <= chunkSize {
		s.chunk = takeChunk()
		s.bytes = s.chunk.buf[:0]
	} else {
		s.bytes = make([]byte, 0, n)
	}
	b.segments = append(b.segments, s)
	return &b.segments[len(b.segments)-1]
}

// buffers appends the bytes to bufs.
func (b *batch) buffers(bufs net.Buffers) net.Buffers {
	for _, s := range b.segments {
		bufs = append(bufs, s.bytes)
	}
	return bufs
}

// dropWritten removes the messages that are wholly within the first n bytes. A message written in part stays whole: its
// reader never saw its end. The batch must consist of whole messages.
func (b *batch) dropWritten(n int) {
	for len(b.segments) > 0 {
		first := &b.segments[0]
		for len(first.bytes) > 0 {
			k := lengthOf(first.bytes, 1)
			if k > n {
				return
			}
			n -= k
			first.bytes = first.bytes[k:]
			b.count--
			b.size -= k
		}
		first.chunk.release()
		b.segments = slices.Delete(b.segments, 0, 1)
	}
}

// add appends all messages of other, whose segments now belong to b.
func (b *batch) add(other *batch) {
	b.segments = append(b.segments, other.segments...)
	b.count += other.count
	b.size += other.size
}

// reset empties the batch.
func (b *batch) reset() {
	for _, s := range b.segments {
		s.chunk.release()
	}
	clear(b.segments)
	b.segments, b.count, b.size = b.segments[:0], 0, 0
}
