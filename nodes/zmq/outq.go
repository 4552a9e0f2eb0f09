package zmq

import "sync"

// outq is the queue of what one peer is to receive: messages up to a high-water mark, and control frames (subscriptions,
// PONGs), which overtake messages and are bounded in bytes.
//
// Any number of senders put; at most one writer, the attached connection's, swaps the whole queue against an empty one.
// A sender writes itself what the kernel takes at once while the writer has nothing to do: that spares a wake-up.
// A Push queue outlives its connections; every other queue belongs to one.
type outq struct {
	hwm        int  // messages
	maxBytes   int  // bytes of messages; one message is taken whatever its length
	maxControl int  // bytes of control frames
	survives   bool // its connection

	mu       sync.Mutex // guards what follows and maxControl
	wake     sync.Cond  // the writer waits for something to do
	control  []byte
	begun    batch // what a sender could not write; begins within a message, so it comes first
	data     batch
	attached bool          // there is a connection to write to
	writing  bool          // there is a writer
	held     bool          // it holds a batch
	direct   bool          // a sender is writing instead
	closed   bool          // nothing more is taken; the writer ends when the queue is empty
	room     chan struct{} // closed when a full queue gets room; nil when nobody waits
}

func newOutq(opts Options) *outq {
	q := &outq{hwm: opts.SndHWM, maxBytes: opts.MaxMessage, maxControl: opts.limits.control}
	q.wake.L = &q.mu
	return q
}

// put queues as much of the load as there is room for, and removes it from the load. It returns ErrAgain if anything is
// left. now, unless nil, writes what the kernel takes at once and returns how many bytes that is.
func (q *outq) put(l *load, now func(*load) int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.refusal(); err != nil {
		return err
	}
	if now != nil && l.count <= q.hwm && q.quiet() {
		q.putNow(l, now)
		return nil
	}
	l.take(q.hwm-q.count(), &q.data)
	q.wake.Signal()
	if l.count > 0 {
		return ErrAgain
	}
	return nil
}

// quiet says that nothing is being written and nothing waits for it.
func (q *outq) quiet() bool { return q.attached && q.empty() && !q.held && !q.direct }

// putNow writes some of the load, without the lock, and queues the rest.
func (q *outq) putNow(l *load, now func(*load) int) {
	q.direct = true
	q.mu.Unlock()
	l.dropBytes(now(l))
	q.mu.Lock()
	q.direct = false
	l.take(l.count, &q.begun)
	if !q.empty() || q.closed {
		q.wake.Signal()
	}
}

// putMessage queues a message of the given wire size.
func (q *outq) putMessage(m Message, size int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.refusal(); err != nil {
		return err
	}
	q.data.addMessage(m, size)
	q.wake.Signal()
	return nil
}

// putControl queues a control frame. A peer that lets too many wait does not read: it should be disconnected.
func (q *outq) putControl(frame []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.control)+len(frame) > q.maxControl {
		return misbehaved("the peer does not read: %d bytes of subscriptions wait for it", len(q.control))
	}
	q.control = append(q.control, frame...)
	q.wake.Signal()
	return nil
}

// preload queues the control frames that a new peer starts with. They do not count towards the limit.
func (q *outq) preload(frames []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.maxControl += len(frames)
	q.control = append(q.control, frames...)
	q.wake.Signal()
}

// swap waits for something to write and exchanges it against what the writer gives back, which must be written. It
// returns false when the writer has to end.
func (q *outq) swap(control *[]byte, data *batch) bool {
	data.reset()
	*control = spare(*control)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = false
	for q.attached && (q.direct || q.empty() && !q.closed) {
		q.wake.Wait()
	}
	if !q.attached || q.empty() {
		return false
	}
	q.held = true
	if q.begun.count > 0 {
		q.begun, *data = *data, q.begun
	} else {
		q.control, *control = *control, q.control
		q.data, *data = *data, q.data
	}
	q.madeRoom()
	return true
}

// putBack returns a batch of which only n bytes could be written, to be sent first on the next connection.
func (q *outq) putBack(data *batch, n int) {
	if !q.survives {
		data.reset()
		return
	}
	data.dropWritten(n)
	q.mu.Lock()
	defer q.mu.Unlock()
	data.add(&q.data)
	q.data = *data
}

// attach allows a writer to swap; it must call leave in the end. Control frames meant for an earlier connection are dropped.
func (q *outq) attach() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.attached, q.writing, q.control = true, true, nil
}

// leave says that the writer has ended.
func (q *outq) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.writing = false
}

// detach ends the writer at once. Messages may still be put.
func (q *outq) detach() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.attached = false
	q.wake.Broadcast()
}

// close takes nothing more and lets the writer end when all is written.
func (q *outq) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.madeRoom()
	q.wake.Broadcast()
}

// discard throws away what no writer will write any more.
func (q *outq) discard() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.control = true, nil
	q.begun.reset()
	q.data.reset()
	q.madeRoom()
}

// finished says that the queue is closed and holds no message. A batch may still be with the writer.
func (q *outq) finished() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && q.count() == 0
}

// idle is finished without a writer: no message will ever be written.
func (q *outq) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && q.count() == 0 && !q.writing
}

// connected says that there is a connection to write to.
func (q *outq) connected() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.attached
}

// full says that a message would not be taken for want of room.
func (q *outq) full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.refusal() == ErrAgain
}

// roomy returns a channel that is closed when put is worth another try.
func (q *outq) roomy() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.refusal() != ErrAgain {
		return closedChan
	}
	if q.room == nil {
		q.room = make(chan struct{})
	}
	return q.room
}

var closedChan = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (q *outq) refusal() error {
	switch {
	case q.closed:
		return ErrClosed
	case q.count() >= q.hwm, q.data.size+q.begun.size >= q.maxBytes:
		return ErrAgain
	}
	return nil
}

func (q *outq) empty() bool { return len(q.control) == 0 && q.count() == 0 }

// count is the number of messages that wait.
func (q *outq) count() int { return q.begun.count + q.data.count }

// spare returns buf to fill again, unless a burst made it so large that keeping it would be a waste.
func spare(buf []byte) []byte {
	if cap(buf) > chunkSize {
		return nil
	}
	return buf[:0]
}

func (q *outq) madeRoom() {
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}
