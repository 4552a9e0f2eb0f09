package zmq

import (
	"sync"
	"time"
)

// AckPush hands each message to one of any number of Pulls, as Push does and no different on the wire, but for PINGs, and
// knows which arrived. It queues for endpoints that it is connected to only, and keeps nothing when a connection ends: so
// whoever sends decides what becomes of messages that have no taker.
//
// That a message arrived means of a Pull of this package that its handler has said so, or has returned for it; of libzmq's that the process
// has it, in memory (PINGs are answered since libzmq 4.2; a PULL that does not answer takes SndHWM messages and no more).
// A message of which nothing was heard when the connection ended may have arrived all the same: sent again, it arrives
// twice. A Pull that is closed says so beforehand and answers for all that it took, so that nothing arrives twice then.
type AckPush struct {
	opts  Options
	ready func()

	mu      sync.Mutex // guards what follows
	pipes   []*ackPipe
	next    int // index of the pipe to try first
	closed  bool
	stats   Stats
	closing sync.WaitGroup // pipes on their way out
}

// ConnectAckPush begins to connect to each endpoint and keeps connecting. ready is called, from any goroutine, whenever
// a Send that failed with ErrAgain may succeed or the answer of Connected may have changed; it must not block.
func ConnectAckPush(endpoints []string, opts Options, ready func()) (*AckPush, error) {
	if err := opts.mayConnect(); err != nil {
		return nil, err
	}
	p := &AckPush{opts: opts.withDefaults(), ready: ready}
	if err := p.SetEndpoints(endpoints); err != nil {
		return nil, err
	}
	return p, nil
}

// SetEndpoints is [Push.SetEndpoints]: endpoints that are gone have Linger to acknowledge what they got.
func (p *AckPush) SetEndpoints(endpoints []string) error {
	remotes, err := parseRemotes(endpoints)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	old := make(map[endpoint]*ackPipe)
	for _, q := range p.pipes {
		old[q.link.remote] = q
	}
	p.pipes, p.next = nil, 0
	for _, remote := range remotes {
		q, ok := old[remote]
		if !ok {
			q = startAckPipe(remote, p.opts, p.ready)
		}
		delete(old, remote)
		p.pipes = append(p.pipes, q)
	}
	for _, q := range old {
		p.closing.Go(func() { closeAckPipes([]*ackPipe{q}, p.opts.Linger) })
	}
	return nil
}

// Send queues the message for the next endpoint, in turn, that is connected and has room: SndHWM counts messages that were
// not acknowledged. It never blocks; it returns ErrAgain when there is none, ErrClosed after Close, and an error that says
// what is wrong for a message that no peer would take. If it returns nil, done is called exactly once, from another
// goroutine: with nil when the message arrived, with an error when its connection ended without saying so.
func (p *AckPush) Send(msg Message, done func(error)) error {
	size, err := msg.measure(p.opts.MaxMessage)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	for i := range p.pipes {
		at := (p.next + i) % len(p.pipes)
		if p.pipes[at].put(msg, size, done) == nil {
			p.next = at + 1
			p.stats.Messages++
			p.stats.Bytes += uint64(size)
			return nil
		}
	}
	p.stats.Drops++
	return ErrAgain
}

// Connected is how many endpoints would take messages, if they have room, and of how many.
func (p *AckPush) Connected() (connected, endpoints int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.pipes {
		if q.connected() {
			connected++
		}
	}
	return connected, len(p.pipes)
}

// Stats returns the present numbers; Drops counts ErrAgain.
func (p *AckPush) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// Close takes nothing more, waits at most Linger for what is under way to be acknowledged, and disconnects. When it
// returns every done has been called.
func (p *AckPush) Close() error {
	p.mu.Lock()
	pipes := p.pipes
	p.closed, p.pipes = true, nil
	p.mu.Unlock()
	closeAckPipes(pipes, p.opts.Linger)
	p.closing.Wait()
	return nil
}

// closeAckPipes closes pipes after a while of grace.
func closeAckPipes(pipes []*ackPipe, grace time.Duration) {
	const look = 2 * time.Millisecond
	for _, q := range pipes {
		q.stopTaking()
	}
	for since := time.Now(); !allSettled(pipes) && time.Since(since) < grace; {
		time.Sleep(look)
	}
	for _, q := range pipes {
		q.close()
	}
}

func allSettled(pipes []*ackPipe) bool {
	for _, q := range pipes {
		if !q.settled() {
			return false
		}
	}
	return true
}
