package control

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

const (
	// maxRequests is how many requests wait. More get no answer.
	maxRequests = 1024
	// shutdownAfter is how long a node that is shut down still runs (spec:
	// cluster-framework 5.2).
	shutdownAfter = time.Second
)

// Options says what a Controllee is to answer.
type Options struct {
	// Node is the name that it answers by.
	Node string
	// Option is the value of an option of Zeek's, as Zeek prints it; it does not wait
	// for anything. nil knows none.
	Option func(id string) (value string, known bool)
	// Shutdown ends the node. nil does nothing.
	Shutdown func()
	// Log is told of orders that were carried out, and of requests without an answer.
	Log *slog.Logger
}

// Controllee answers requests to a node. They are taken from the bus before they would
// wait for handlers, on whatever topic they come; a handler of the node may see them as
// well. Its methods may be called from any goroutine.
type Controllee struct {
	o       Options
	c       *cluster.Cluster
	inbox   chan request
	dropped atomic.Uint64
	ending  sync.Once
	orders  []string // ids of the requests that were carried out last; of Run
	stats   questions

	mu      sync.Mutex // guards what follows
	values  map[string]*questions
	sources []PacketSource
}

// request is one that came.
type request struct {
	command Command
	id      string // of the value that is asked for
	reply   string // the request's own id, "" if it has none
	sender  string // who asks
}

// NewControllee makes the node of c answer, when [Controllee.Run] runs.
func NewControllee(c *cluster.Cluster, o Options) *Controllee {
	if o.Option == nil {
		o.Option = func(string) (string, bool) { return "", false }
	}
	if o.Shutdown == nil {
		o.Shutdown = func() {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ce := &Controllee{o: o, c: c, inbox: make(chan request, maxRequests), values: map[string]*questions{}}
	ce.stats.ask = ce.netStats
	for _, command := range commands() {
		c.InterceptEvent(command.request(), func(r cluster.Received) { ce.received(command, r) })
	}
	return ce
}

// received takes an event from the bus, and does not wait.
func (ce *Controllee) received(command Command, r cluster.Received) {
	n, _ := command.arguments()
	args, ok := texts(r.Event, n)
	if !ok {
		ce.o.Log.Debug("ignoring a control request with wrong arguments", "event", r.Event.Name, "sender", r.Sender)
		return
	}
	req := request{command: command, reply: requestID(r.Event), sender: r.Sender}
	if n == 1 {
		req.id = args[0]
	}
	select {
	case ce.inbox <- req:
	default:
		ce.dropped.Add(1)
	}
}

// Dropped is how many requests there was no room for.
func (ce *Controllee) Dropped() uint64 { return ce.dropped.Load() }

// Run answers until ctx ends.
func (ce *Controllee) Run(ctx context.Context) {
	for {
		select {
		case r := <-ce.inbox:
			ce.answer(ctx, r)
		case <-ctx.Done():
			return
		}
	}
}

func (ce *Controllee) answer(ctx context.Context, r request) {
	switch r.command {
	case IDValue:
		ce.value(ctx, r)
	case NetStats:
		ce.later(ctx, &ce.stats, r)
	case PeerStatus:
		ce.reply(ctx, r, peersText(time.Now(), ce.c.Peers()))
	case ConfigurationUpdate:
		if ce.carriedOut(r) {
			ce.reply(ctx, r)
			return
		}
		ce.o.Log.Info("raising "+configurationUpdate+", as somebody asked for", "by", r.sender)
		if err := ce.c.Raise(configurationUpdate); err != nil {
			ce.o.Log.Warn("cannot raise an event", "err", err)
			return
		}
		ce.reply(ctx, r)
	case Shutdown:
		ce.reply(ctx, r)
		ce.ending.Do(func() {
			ce.o.Log.Info("shutting down, as somebody asked for", "after", shutdownAfter, "by", r.sender)
			time.AfterFunc(shutdownAfter, ce.o.Shutdown)
		})
	}
}

// carriedOut says whether an order was carried out already, and takes note of it: who did not
// hear the answer repeats it.
func (ce *Controllee) carriedOut(r request) bool {
	const remembered = 100
	if r.reply == "" || slices.Contains(ce.orders, r.reply) {
		return r.reply != ""
	}
	ce.orders = append(ce.orders, r.reply)
	ce.orders = ce.orders[max(0, len(ce.orders)-remembered):]
	return false
}

// reply publishes an answer: of what was asked for, and the text.
func (ce *Controllee) reply(ctx context.Context, r request, text ...string) {
	if ctx.Err() != nil {
		return // the node has ended
	}
	ev := event.Event{Name: r.command.response()}
	if r.command == IDValue {
		ev.Args = append(ev.Args, event.String(r.id))
	}
	for _, t := range text {
		ev.Args = append(ev.Args, event.String(t))
	}
	if r.reply != "" {
		ev.SetMeta(MetaRequest, event.String(r.reply))
	}
	if err := ce.c.PublishEvent(ctx, r.command.ResponseTopic(ce.o.Node), ev); err != nil {
		ce.o.Log.Warn("cannot answer a control request", "command", string(r.command), "err", err)
	}
}
