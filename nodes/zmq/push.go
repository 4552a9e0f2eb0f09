package zmq

import "sync"

// Push hands each message to one of any number of Pulls.
type Push struct {
	opts Options

	mu      sync.Mutex // guards what follows
	pipes   []*pipe    // in the order of SetEndpoints
	next    int        // index of the pipe to try first
	closed  bool
	stats   Stats
	closing sync.WaitGroup // pipes on their way out
}

// ConnectPush begins to connect to each endpoint and keeps connecting. It fails only for endpoints that cannot exist,
// or keys that do not suffice.
func ConnectPush(endpoints []string, opts Options) (*Push, error) {
	if err := opts.mayConnect(); err != nil {
		return nil, err
	}
	p := &Push{opts: opts.withDefaults()}
	if err := p.SetEndpoints(endpoints); err != nil {
		return nil, err
	}
	return p, nil
}

// SetEndpoints connects to those endpoints that are new and disconnects from those that are not named any more, after
// sending what is queued for them for at most Linger, which it does not wait for. If one is malformed nothing changes.
// An endpoint named twice counts once.
func (p *Push) SetEndpoints(endpoints []string) error {
	remotes, err := parseRemotes(endpoints)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	old := make(map[endpoint]*pipe)
	for _, q := range p.pipes {
		old[q.link.remote] = q
	}
	p.pipes = nil
	for _, remote := range remotes {
		q, ok := old[remote]
		if !ok {
			q = startPipe(remote, p.opts)
		}
		delete(old, remote)
		p.pipes = append(p.pipes, q)
	}
	p.next = 0
	for _, q := range old {
		p.closing.Go(q.close)
	}
	return nil
}

// Send queues the message for the next endpoint, in turn, whose queue has room, connected or not: a queue waits for its
// endpoint to come (back), as with libzmq's IMMEDIATE=0 (spec: wire 1.5, T23). It never blocks. It returns nil with no
// endpoints at all, ErrAgain when all queues are full, ErrClosed after Close, and an error that says what is wrong for a
// message that no peer would take. What is in the kernel's buffers when an endpoint dies is lost.
func (p *Push) Send(msg Message) error {
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
		if p.pipes[at].put(msg, size) == nil {
			p.next = at + 1
			p.stats.Messages++
			p.stats.Bytes += uint64(size)
			return nil
		}
	}
	if len(p.pipes) == 0 {
		return nil
	}
	p.stats.Drops++
	return ErrAgain
}

// Stats returns the present numbers.
func (p *Push) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// Close sends what is queued for at most Linger and disconnects. Messages for an endpoint that does not come up in that
// time are lost.
func (p *Push) Close() error {
	p.mu.Lock()
	p.closed = true
	for _, q := range p.pipes {
		p.closing.Go(q.close)
	}
	p.pipes = nil
	p.mu.Unlock()
	p.closing.Wait()
	return nil
}

// parseRemotes parses endpoints and leaves out repeated ones.
func parseRemotes(endpoints []string) ([]endpoint, error) {
	var remotes []endpoint
	seen := make(map[endpoint]bool)
	for _, s := range endpoints {
		remote, err := parseRemote(s)
		if err != nil {
			return nil, err
		}
		if !seen[remote] {
			seen[remote] = true
			remotes = append(remotes, remote)
		}
	}
	return remotes, nil
}
