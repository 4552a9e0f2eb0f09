package websocket

import "sync"

const (
	// pendingBytes and pendingCount are how much of what a client sent waits to be
	// looked at, beside one message of any size. Before the ack, which may take as long
	// as the bus is away, a client that sends more is disconnected (spec: websocket 11);
	// later it has to wait.
	pendingBytes = 1 << 20
	pendingCount = 10000
)

// pending is the messages of a client that wait to be looked at. Because there is some
// room, pings between them are answered while the queue of all clients is full.
type pending struct {
	mu      sync.Mutex
	changed sync.Cond // of what follows, which mu guards
	waiting [][]byte
	size    int
	acked   bool // whoever sends too much may wait
	deaf    bool // nobody looks at them any more
	ended   bool
	stalls  int  // readers that wait for room: one or none
	waited  bool // somebody did since it was last asked
}

func newPending() *pending {
	p := &pending{}
	p.changed.L = &p.mu
	return p
}

// put appends a message, when there is room for it. It says no when there is none and
// there has not been an ack.
func (p *pending) put(data []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.full(len(data)) && !p.ended && !p.deaf {
		if !p.acked {
			return false
		}
		p.stalls++
		p.changed.Wait()
		p.stalls--
		p.waited = true
	}
	if p.ended || p.deaf {
		return true
	}
	p.waiting = append(p.waiting, data)
	p.size += len(data)
	p.changed.Broadcast()
	return true
}

func (p *pending) full(more int) bool {
	return len(p.waiting) > 0 && (p.size+more > pendingBytes || len(p.waiting) >= pendingCount)
}

// stalled says whether the reader has waited for room since the last call, or does so. It
// did not see pongs then.
func (p *pending) stalled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	stalled := p.waited || p.stalls > 0
	p.waited = false
	return stalled
}

// next is the next message, or false if there are no more. It waits for one.
func (p *pending) next() ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.waiting) == 0 && !p.ended {
		p.changed.Wait()
	}
	if len(p.waiting) == 0 {
		return nil, false
	}
	data := p.waiting[0]
	p.waiting[0] = nil
	if p.waiting = p.waiting[1:]; len(p.waiting) == 0 {
		p.waiting = nil
	}
	p.size -= len(data)
	p.changed.Broadcast()
	return data, true
}

// ack says that the client has its ack.
func (p *pending) ack() { p.set(func() { p.acked = true }) }

// ignore drops what waits and everything that comes.
func (p *pending) ignore() { p.set(func() { p.deaf, p.waiting = true, nil }) }

// end says that nothing more comes.
func (p *pending) end() { p.set(func() { p.ended = true }) }

func (p *pending) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.changed.Broadcast()
}
