package tap

import (
	"context"
	"errors"
	"io"
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
	o      Options
	queue  *queue
	way    way
	source io.Closer // nil while paused

	first     sync.Once
	connected chan struct{} // closed by the first connection
}

// way is how a Tap gets to hear a bus.
type way interface {
	// listen begins to call passed, isConnected and o.Lost.
	listen(*Tap) (io.Closer, error)
	// await is an error if there is no connection when ctx ends, or there will be none.
	await(ctx context.Context, connected <-chan struct{}) error
}

// Open begins to listen at the endpoint where a broker publishes: Zeek's
// connect_xsub_endpoint. It fails only for an endpoint that cannot exist, or a
// prefix that no topic can have; see [Tap.Await].
func Open(endpoint string, o Options) (*Tap, error) {
	return open(&busWay{endpoint, o.Socket, newTrouble(o.Socket.Log)}, o)
}

func open(w way, o Options) (*Tap, error) {
	if len(o.Prefixes) == 0 {
		o.Prefixes = []string{""}
	}
	if o.Lost == nil {
		o.Lost = func(error) {}
	}
	if o.Back == nil {
		o.Back = func() {}
	}
	t := &Tap{o: o, queue: newQueue(), way: w, connected: make(chan struct{})}
	if err := t.Resume(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Await waits until the broker is reached for the first time, or the server has
// acknowledged what is subscribed. Where ctx ends first the error is an
// [UnreachableError]. The broker may need a moment yet to read what is subscribed.
func (t *Tap) Await(ctx context.Context) error { return t.way.await(ctx, t.connected) }

// Resume listens again after Pause.
func (t *Tap) Resume() error {
	if t.source != nil {
		return nil
	}
	source, err := t.way.listen(t)
	if err == nil {
		t.source = source
	}
	return err
}

// busWay is a socket on the bus itself.
type busWay struct {
	endpoint string
	socket   zmq.Options
	trouble  *trouble
}

func (w *busWay) listen(t *Tap) (io.Closer, error) {
	o := w.socket
	o.Log = slog.New(w.trouble)
	xsub, err := zmq.ConnectXSub(w.endpoint, o, zmq.XSubHandler{
		Message:      t.passed,
		Connected:    t.isConnected,
		Disconnected: func(err error) { t.o.Lost(lost(w.endpoint, err)) },
	})
	if err != nil {
		return nil, err
	}
	for _, topic := range subscriptions(t.o.Prefixes) {
		if err := xsub.Subscribe(topic); err != nil {
			return nil, errors.Join(err, xsub.Close())
		}
	}
	return xsub, nil
}

func (w *busWay) await(ctx context.Context, connected <-chan struct{}) error {
	select {
	case <-connected:
		return nil
	case <-ctx.Done():
		return w.trouble.unreachable(w.endpoint)
	}
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
	if t.source == nil {
		return nil
	}
	source := t.source
	t.source = nil
	return source.Close()
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
