package websocket

import (
	"net"
	"sync"
)

const (
	// batchBytes is how much is taken to be written at once, but for one piece.
	batchBytes = 256 << 10
	// ownBytes is how large a piece grows that nobody else has.
	ownBytes = 64 << 10
	// maxIOV is how many pieces the kernel takes at once.
	maxIOV = 1000
	// pieceCost is what a piece takes beside its bytes.
	pieceCost = 64
)

// outbox is the frames that wait for a client.
type outbox struct {
	most int           // bytes that wait, beside those being written
	wake chan struct{} // holds a token when there may be something

	mu     sync.Mutex // guards what follows
	pieces [][]byte   // whole frames, one or more each
	own    bool       // nobody else has the last piece
	size   int        // of pieces
	ping   []byte     // the latest frames of their kind, which overtake the pieces
	pong   []byte
	closed bool
}

func newOutbox(most int) *outbox { return &outbox{most: most, wake: make(chan struct{}, 1)} }

// put appends frames and says whether there was room. They must not change afterwards.
func (o *outbox) put(frames []byte) bool { return o.take([][]byte{frames}, len(frames)) }

// take is put for several pieces of a block of memory of that size. Those that are a
// small part of it are copied, so that what waits does not hold much else.
func (o *outbox) take(pieces [][]byte, block int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	total := 0
	for _, p := range pieces {
		total += len(p) + pieceCost
	}
	if o.closed {
		return true // nobody wants it any more
	}
	if o.size+total > o.most {
		return false
	}
	copied := 4*total < block
	for _, p := range pieces {
		o.append(p, copied)
	}
	o.signal()
	return true
}

func (o *outbox) append(p []byte, copied bool) {
	last := len(o.pieces) - 1
	switch {
	case copied && o.own && len(o.pieces[last])+len(p) <= ownBytes:
		o.pieces[last] = append(o.pieces[last], p...)
		o.size += len(p)
		return
	case copied:
		p = append([]byte(nil), p...)
	}
	o.own = copied
	o.pieces = append(o.pieces, p)
	o.size += len(p) + pieceCost
}

// control leaves a ping or pong, which takes the place of an earlier one.
func (o *outbox) control(opcode byte, payload []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	frame := appendFrame(nil, opcode, payload)
	if opcode == opPing {
		o.ping = frame
	} else {
		o.pong = frame
	}
	o.signal()
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// next is what is to be written now, and whether there will be more.
func (o *outbox) next(batch net.Buffers) (net.Buffers, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, control := range []*[]byte{&o.pong, &o.ping} {
		if *control != nil {
			batch, *control = append(batch, *control), nil
		}
	}
	n, bytes := 0, 0
	for n < len(o.pieces) && n < maxIOV && bytes < batchBytes {
		bytes += len(o.pieces[n])
		n++
	}
	batch = append(batch, o.pieces[:n]...)
	o.size -= bytes + n*pieceCost
	clear(o.pieces[:n])
	if o.pieces = o.pieces[n:]; len(o.pieces) == 0 {
		o.pieces, o.own = nil, false
	}
	return batch, !o.closed
}

// close forgets what waits, and everything that comes.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.pieces, o.size = true, nil, 0
	o.signal()
}

// run writes what is put until the outbox is closed or that fails.
func (o *outbox) run(w *wire) error {
	var batch net.Buffers
	for range o.wake {
		for {
			var open bool
			if batch, open = o.next(batch[:0]); !open {
				return nil
			}
			if len(batch) == 0 {
				break
			}
			if err := w.send(batch); err != nil {
				return err
			}
			clear(batch[:cap(batch)])
		}
	}
	return nil
}
