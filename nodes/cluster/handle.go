package cluster

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/internal/damp"
)

// Events that a node raises for itself.
const (
	eventNodeUp         = "Cluster::node_up"
	eventNodeDown       = "Cluster::node_down"
	eventSubscription   = "Cluster::Backend::ZeroMQ::subscription"
	eventUnsubscription = "Cluster::Backend::ZeroMQ::unsubscription"
)

// Handle has f called for every event of that name, in the order in which events
// come, one at a time. f takes a context and the event's arguments as plain Go
// values,
//
//	func(ctx context.Context, host netip.Addr, tries uint64)
//
// or the event as it is,
//
//	func(ctx context.Context, ev event.Event)
//
// and may return an error, which is logged. See [event.Value.To] for which Go
// types take which arguments; an event with others is counted, reported with both
// signatures, and not handled. Every handler of a name is called, in the order in
// which they were added. With the name "*", f is called for all events that came
// over the bus.
//
// A handler should be quick: while it runs, events wait, at most
// [Options.OnloopQueueHWM] of them. [FromContext] tells who sent the event.
//
// Zeek's own events are handled alike:
//
//	Cluster::node_up(name string, id string)
//	Cluster::node_down(name string, id string)
//	Cluster::Backend::ZeroMQ::subscription(topic string)
//	Cluster::Backend::ZeroMQ::unsubscription(topic string)
func Handle(c *Cluster, name string, f any) error {
	h, err := newHandler(f)
	if err != nil {
		return fmt.Errorf("cannot handle %s: %w", name, err)
	}
	c.handlers.add(name, h)
	return nil
}

// everyEvent is the name under which handlers of all events are kept.
const everyEvent = "*"

// handlers is the handlers by the name of their event. It is read for every
// event, and replaced when a handler is added.
type handlers struct {
	byName atomic.Pointer[map[string][]*handler]
	busy   atomic.Pointer[Received] // the event whose handlers are being called
}

func (hs *handlers) of(name string) []*handler {
	if all := hs.byName.Load(); all != nil {
		return (*all)[name]
	}
	return nil
}

func (hs *handlers) wants(name string) bool {
	return hs.of(name) != nil || hs.of(everyEvent) != nil
}

func (hs *handlers) add(name string, h *handler) {
	for {
		old := hs.byName.Load()
		changed := map[string][]*handler{}
		if old != nil {
			for k, v := range *old {
				changed[k] = v
			}
		}
		changed[name] = append(changed[name][:len(changed[name]):len(changed[name])], h)
		if hs.byName.CompareAndSwap(old, &changed) {
			return
		}
	}
}

// handler is one function that handles events.
type handler struct {
	raw       func(context.Context, event.Event) error // takes the event as it is
	fn        reflect.Value
	params    []func(event.Value) (reflect.Value, error)
	types     []string      // of the parameters, by Zeek's names
	fails     bool          // fn returns an error
	events    atomic.Uint64 // of the first handler of a name: how many there were
	complaint damp.Damper
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

func newHandler(f any) (*handler, error) {
	switch f := f.(type) {
	case func(context.Context, event.Event) error:
		return &handler{raw: f}, nil
	case func(context.Context, event.Event):
		return &handler{raw: func(ctx context.Context, ev event.Event) error { f(ctx, ev); return nil }}, nil
	}
	fn := reflect.ValueOf(f)
	if fn.Kind() != reflect.Func || fn.IsNil() {
		return nil, fmt.Errorf("the handler is no function but a %T", f)
	}
	t := fn.Type()
	if t.IsVariadic() || t.NumIn() == 0 || t.In(0) != contextType {
		return nil, fmt.Errorf("the handler is a %v; its first parameter has to be a context.Context, and it cannot be variadic", t)
	}
	if t.NumOut() > 1 || t.NumOut() == 1 && t.Out(0) != errorType {
		return nil, fmt.Errorf("the handler is a %v; it may return an error, nothing else", t)
	}
	h := &handler{fn: fn, fails: t.NumOut() == 1}
	for i := 1; i < t.NumIn(); i++ {
		convert, err := event.ConverterTo(t.In(i))
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i, err)
		}
		h.params = append(h.params, convert)
		h.types = append(h.types, event.SignatureOf(t.In(i)))
	}
	return h, nil
}

// errMismatch is the error of an event with arguments that a handler cannot take.
var errMismatch = errors.New("arguments do not fit")

// call calls the function with the event's arguments.
func (h *handler) call(ctx context.Context, ev event.Event) error {
	if h.raw != nil {
		return h.raw(ctx, ev)
	}
	if len(ev.Args) != len(h.params) {
		return fmt.Errorf("%w: got %d, expect %d", errMismatch, len(ev.Args), len(h.params))
	}
	in := make([]reflect.Value, 1+len(ev.Args))
	in[0] = reflect.ValueOf(ctx)
	for i, arg := range ev.Args {
		v, err := h.params[i](arg)
		if err != nil {
			return fmt.Errorf("%w: argument %d: %w", errMismatch, i+1, err)
		}
		in[i+1] = v
	}
	out := h.fn.Call(in)
	if h.fails && !out[0].IsNil() {
		return out[0].Interface().(error)
	}
	return nil
}

// dispatch calls the handlers of an event.
func (c *Cluster) dispatch(ctx context.Context, r Received) {
	ctx = handling{ctx, &r}
	c.handlers.busy.Store(&r)
	defer c.handlers.busy.Store(nil)
	if ctx.Err() != nil {
		return // it is over, and who has seen no handler under way does not wait for this one
	}
	for i, h := range c.handlers.of(r.Event.Name) {
		if i == 0 {
			h.events.Add(1)
		}
		c.call(ctx, h, r.Event)
	}
	if !r.local && r.Event.Name != everyEvent { // a name may be anything
		for _, h := range c.handlers.of(everyEvent) {
			c.call(ctx, h, r.Event)
		}
	}
}

func (c *Cluster) call(ctx context.Context, h *handler, ev event.Event) {
	err := h.call(ctx, ev)
	switch {
	case err == nil:
		c.stats.handled.Add(1)
	case errors.Is(err, errMismatch):
		c.stats.mismatched.Add(1)
		h.complaint.Do(time.Now(), func(more int) {
			c.o.Log.Warn("event not handled", "err", err, "event", signature(ev.Name, kinds(ev.Args)), "handler", signature(ev.Name, h.types), "suppressed", more)
		})
	default:
		h.complaint.Do(time.Now(), func(more int) {
			c.o.Log.Warn("handler failed", "event", ev.Name, "err", err, "suppressed", more)
		})
	}
}

func kinds(args []event.Value) []string {
	names := make([]string, len(args))
	for i, arg := range args {
		names[i] = arg.Kind().String()
	}
	return names
}

// signature is how an event is declared: "M::ev(string, count)".
func signature(name string, types []string) string {
	return name + "(" + strings.Join(types, ", ") + ")"
}

// handling is the context of a handler: it knows the event.
type handling struct {
	context.Context
	r *Received
}

type receivedKey struct{}

func (h handling) Value(key any) any {
	if key == (receivedKey{}) {
		return h.r
	}
	return h.Context.Value(key)
}

// FromContext tells a handler about the event it handles.
func FromContext(ctx context.Context) (Received, bool) {
	r, ok := ctx.Value(receivedKey{}).(*Received)
	if !ok {
		return Received{}, false
	}
	return *r, true
}
