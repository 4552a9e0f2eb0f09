package tap

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"zctl/nodes/zmq"
)

// Options says what a Tap listens to.
type Options struct {
	// Prefixes is the beginnings of the topics to hear; none means all.
	Prefixes []string
	// Lost is told that the connection was lost, Back that there is one again. They
	// may be nil, and must not wait.
	Back func()
	Lost func(error)
	// Socket is the options of the socket.
	Socket zmq.Options
}

// Tap hears what passes on a bus. It subscribes and reads, and does nothing else.
// Its methods may be called by several goroutines, Pause, Resume and Close by one
// at a time.
type Tap struct {
	endpoint string
	o        Options
	trouble  *trouble
	queue    *queue
	xsub     *zmq.XSub // nil while paused

	first     sync.Once
	connected chan struct{} // closed by the first connection
}

// Open begins to listen at the endpoint where a broker publishes: Zeek's
// connect_xsub_endpoint. It fails only for an endpoint that cannot exist, or a
// prefix that no topic can have; see [Tap.Await].
func Open(endpoint string, o Options) (*Tap, error) {
	if len(o.Prefixes) == 0 {
		o.Prefixes = []string{""}
	}
	if o.Lost == nil {
		o.Lost = func(error) {}
	}
	if o.Back == nil {
		o.Back = func() {}
	}
	t := &Tap{endpoint: endpoint, o: o, queue: newQueue(), trouble: newTrouble(o.Socket.Log), connected: make(chan struct{})}
	t.o.Socket.Log = slog.New(t.trouble)
	if err := t.Resume(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Await waits until the broker is reached for the first time. Where ctx ends
// first the error is an [UnreachableError]. The broker may need a moment yet to
// read what is subscribed.
func (t *Tap) Await(ctx context.Context) error {
	select {
	case <-t.connected:
		return nil
	case <-ctx.Done():
		return t.trouble.unreachable(t.endpoint)
	}
}

// Resume listens again after Pause.
func (t *Tap) Resume() error {
	if t.xsub != nil {
		return nil
	}
	xsub, err := zmq.ConnectXSub(t.endpoint, t.o.Socket, zmq.XSubHandler{
		Message:      t.passed,
		Connected:    t.isConnected,
		Disconnected: func(err error) { t.o.Lost(lost(t.endpoint, err)) },
	})
	if err != nil {
		return err
	}
	t.xsub = xsub
	for _, topic := range subscriptions(t.o.Prefixes) {
		if err := xsub.Subscribe(topic); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tap) isConnected() {
	again := true
	t.first.Do(func() { again = false; close(t.connected) })
	if again {
		t.o.Back()
	}
}

// passed runs on the socket's goroutine and never waits for whoever takes.
func (t *Tap) passed(frames zmq.Message) {
	if asked(t.o.Prefixes, frames) {
		t.queue.put(frames, time.Now())
	}
}

// Pause leaves the bus for a while, as a process must that is going to be
// stopped: it would stop reading (spec: wire T6). What passes meanwhile is not
// heard.
func (t *Tap) Pause() error {
	if t.xsub == nil {
		return nil
	}
	xsub := t.xsub
	t.xsub = nil
	return xsub.Close()
}

// Take waits for messages, and returns all that passed since it was last called
// and were not dropped. It returns none after Close, when all were taken, or
// when ctx has ended.
func (t *Tap) Take(ctx context.Context) []Message { return t.queue.take(ctx) }

// Idle says that there is nothing to take.
func (t *Tap) Idle() bool { return t.queue.empty() }

// Counts is what became of the messages so far.
func (t *Tap) Counts() Counts { return t.queue.count() }

// Close leaves the bus. What passed before can still be taken.
func (t *Tap) Close() error {
	t.queue.close()
	return t.Pause()
}
