package zmq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-zeromq/zmq4"
)

// settled is how long a connection must have lasted for its end to be a new misfortune rather than the old one.
const settled = time.Second

// link keeps one outgoing connection up: it dials, shakes hands, hands the connection to serve, waits, and begins again
// until it is stopped. Nothing here blocks whoever created it; all of it happens on one goroutine.
type link struct {
	remote endpoint
	typ    zmq4.SocketType
	opts   Options
	serve  func(nc net.Conn) error // uses the connection until it ends, and says why it did
	over   func() bool             // no further connection is wanted

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	wait   backoff
	logged causes
}

// start begins to connect. The fields above ctx must be set.
func (l *link) start() {
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.done = make(chan struct{})
	l.wait = backoff{min: l.opts.limits.retryMin, max: l.opts.limits.retryMax}
	go l.run()
}

// stop lets the link run for as long as grace and then cuts it. It returns when the goroutine has ended.
func (l *link) stop(grace time.Duration) {
	if grace > 0 {
		timer := time.AfterFunc(grace, l.cancel)
		defer timer.Stop()
	} else {
		l.cancel()
	}
	<-l.done
	l.cancel()
}

func (l *link) run() {
	defer close(l.done)
	for l.ctx.Err() == nil && !l.over() {
		up, err := l.attempt()
		if l.ctx.Err() != nil || l.over() {
			return
		}
		if up >= settled {
			l.wait.reset()
			l.logged.forget()
		}
		select {
		case <-l.ctx.Done():
		case <-time.After(l.judge(err)):
		}
	}
}

// judge logs why the attempt ended and says how long to wait before the next one.
func (l *link) judge(err error) time.Duration {
	var bad *misbehaviour
	if !errors.As(err, &bad) {
		if l.logged.first(err) {
			l.opts.Log.Info("not connected, trying again", "socket", l.typ, "endpoint", l.remote, "err", err)
		}
		return l.wait.next()
	}
	if l.logged.first(err) {
		l.opts.Log.Warn("refused, trying again slowly", "socket", l.typ, "endpoint", l.remote, "err", err)
	}
	return l.wait.slow()
}

// attempt makes one connection and serves it. It returns how long the connection was up and why it is not any more.
func (l *link) attempt() (up time.Duration, err error) {
	nc, err := l.remote.dial(l.ctx, l.opts.limits.handshake)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	defer context.AfterFunc(l.ctx, func() { nc.Close() })()
	tune(nc, l.opts)
	sec := l.opts.security()
	if err := handshake(nc, l.typ, sec, false, l.opts.limits.handshake); err != nil {
		return 0, fmt.Errorf("cannot use %s: %w", l.remote, err)
	}
	since := time.Now()
	err = l.serve(secured(nc, sec))
	return time.Since(since), err
}
