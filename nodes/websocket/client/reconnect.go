package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// settle is how long topics may follow each other to change together.
const settle = 10 * time.Millisecond

// minBackoff is how long after a connection was lost the first attempt is made.
const minBackoff = 100 * time.Millisecond

// run connects again and again until ctx ends, or the server refuses the first time.
func (l *Link) run(ctx context.Context) {
	defer close(l.done)
	backoff, known := minBackoff, false // known: the server took us once
	for pause(ctx, settle) {
		begun := time.Now()
		connected, err := l.connect(ctx)
		known = known || connected
		var no *RefusedError
		switch {
		case ctx.Err() != nil:
			return
		case err == nil: // the topics changed
			continue
		case errors.As(err, &no) && !known:
			l.err = err
			l.h.Lost(err)
			return
		}
		l.h.Lost(err)
		if connected && time.Since(begun) > l.o.MaxBackoff {
			backoff = minBackoff
		}
		if !pause(ctx, backoff/2+rand.N(backoff/2+1)) { // not all clients of a server at once
			return
		}
		backoff = min(2*backoff, l.o.MaxBackoff)
	}
}

// connect makes a session and serves it until it ends. No error is that the topics
// changed, or that ctx ended.
func (l *Link) connect(ctx context.Context) (connected bool, err error) {
	current, topics := l.begin(ctx)
	s, err := newSession(current, l.o, topics)
	if err == nil {
		connected = true
		l.attach(current, s)
		l.h.Connected(s.ack)
		err = s.serve(current.Done(), l.h)
	}
	if current.Err() != nil {
		err = nil
	}
	l.detach(err != nil || ctx.Err() != nil)
	return connected, err
}

// begin is the topics of a session, and a context that lasts as long as they do not
// change.
func (l *Link) begin(ctx context.Context) (context.Context, []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, l.replace = context.WithCancel(ctx)
	return ctx, l.topics
}

// attach sends by a session from now on, unless the topics have changed again.
func (l *Link) attach(current context.Context, s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if current.Err() != nil {
		return
	}
	for _, m := range l.pending.take() {
		if err := s.send(m); err != nil {
			l.o.Log.Warn("an event was not sent", "err", err)
		}
	}
	l.session = s
}

// detach sends no more. What waits for another session does so in vain if this one did
// not end because the topics changed.
func (l *Link) detach(lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.replace()
	l.session, l.replace = nil, nil
	if !lost {
		return
	}
	if n := len(l.pending.take()); n > 0 {
		l.o.Log.Warn("events were not sent, since there is no connection to the WebSocket server", "count", n)
	}
}

// pause says whether ctx has not ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
