package zmq

import (
	"net"
	"slices"
	"sort"
)

// Sizes of a batch's segments.
const (
	segmentSize = 64 << 10 // an owned segment is not appended to beyond this
	referFrom   = 8 << 10  // wire bytes from this length on are referred to instead of copied
)

// batch is a run of whole messages on their way to the wire. Small messages are copied one behind the other into
// segments that it owns, so that many of them make one write; long ones are referred to (spec: zmq4 6).
type batch struct {
	segments []segment
	ends     []int // offset behind each message
	size     int   // bytes of all messages
}

type segment struct {
	bytes []byte
	owned bool // the batch may append to it
}

// addWire appends a message that is encoded already. The bytes must never change.
func (b *batch) addWire(wire []byte) {
	if len(wire) >= referFrom {
		b.segments = append(b.segments, segment{bytes: wire})
	} else {
		tail := b.tail(len(wire))
		tail.bytes = append(tail.bytes, wire...)
	}
	b.end(len(wire))
}

// addMessage encodes a message of the given wire size.
func (b *batch) addMessage(m Message, size int) {
	tail := b.tail(size)
	tail.bytes = appendMessage(tail.bytes, m)
	b.end(size)
}

// tail returns an owned segment to which n bytes may be appended.
func (b *batch) tail(n int) *segment {
	if k := len(b.segments); k > 0 {
		if last := &b.segments[k-1]; last.owned && len(last.bytes)+n <= segmentSize {
			return last
		}
	}
	b.segments = append(b.segments, segment{bytes: make([]byte, 0, n), owned: true})
	return &b.segments[len(b.segments)-1]
}

func (b *batch) end(n int) {
	b.size += n
	b.ends = append(b.ends, b.size)
}

// count is the number of messages.
func (b *batch) count() int { return len(b.ends) }

// buffers appends the bytes to bufs.
func (b *batch) buffers(bufs net.Buffers) net.Buffers {
	for _, s := range b.segments {
		bufs = append(bufs, s.bytes)
	}
	return bufs
}

// dropWritten removes the messages that are wholly within the first n bytes. A message written in part stays whole: its
// reader never saw its end.
func (b *batch) dropWritten(n int) {
	gone := sort.SearchInts(b.ends, n+1)
	if gone == 0 {
		return
	}
	cut := b.ends[gone-1]
	b.ends = slices.Delete(b.ends, 0, gone)
	for i := range b.ends {
		b.ends[i] -= cut
	}
	b.size -= cut
	for cut > 0 {
		first := &b.segments[0]
		if cut < len(first.bytes) {
			first.bytes = first.bytes[cut:]
			return
		}
		cut -= len(first.bytes)
		b.segments = slices.Delete(b.segments, 0, 1)
	}
}

// add appends all messages of other, whose segments now belong to b.
func (b *batch) add(other *batch) {
	for _, end := range other.ends {
		b.ends = append(b.ends, b.size+end)
	}
	b.segments = append(b.segments, other.segments...)
	b.size += other.size
}

// reset empties the batch. It keeps one owned segment to fill again.
func (b *batch) reset() {
	var spare segment
	if len(b.segments) > 0 && b.segments[0].owned && cap(b.segments[0].bytes) <= segmentSize {
		spare = segment{bytes: b.segments[0].bytes[:0], owned: true}
	}
	clear(b.segments)
	b.segments, b.ends, b.size = b.segments[:0], b.ends[:0], 0
	if spare.owned {
		b.segments = append(b.segments, spare)
	}
}
