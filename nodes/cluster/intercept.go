package cluster

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Intercept has f called for every event of exactly that topic as soon as it comes, before
// the queue of those that wait for handlers: for protocols between nodes, like that of data
// stores, which must go on while a handler is slow. The topic has to be subscribed, too.
//
// f is called on the goroutine that reads the bus, in the order in which events come. It must
// return at once and wait for nothing, or the node hears nothing meanwhile; it may publish.
// Handlers of the event are called as well. stop ends it; a call that has begun may last a
// little longer.
func (c *Cluster) Intercept(topic string, f func(Received)) (stop func()) {
	return c.sooner.add(topic, f)
}

// InterceptEvent is [Cluster.Intercept] for every event of that name, on whatever topic it
// comes: for what a node has to answer while a handler is stuck.
func (c *Cluster) InterceptEvent(name string, f func(Received)) (stop func()) {
	return c.soonerByName.add(name, f)
}

// Size is how many bytes the event's message had, 0 if it was raised here.
func (r Received) Size() int { return r.size }

// interceptor is one function that sees events as they come.
type interceptor struct{ f func(Received) }

// interceptors is the interceptors by the topic or the name of their events. It is read for
// every event, and replaced when it changes.
type interceptors struct {
	mu    sync.Mutex // serialises changes
	byKey atomic.Pointer[map[string][]*interceptor]
}

func (is *interceptors) add(key string, f func(Received)) (stop func()) {
	i := &interceptor{f: f}
	is.change(key, func(all []*interceptor) []*interceptor { return append(all, i) })
	return func() {
		is.change(key, func(all []*interceptor) []*interceptor {
			return slices.DeleteFunc(all, func(other *interceptor) bool { return other == i })
		})
	}
}

// of is who wants the events of a key, without a copy of it.
func (is *interceptors) of(key []byte) []*interceptor {
	if all := is.byKey.Load(); all != nil {
		return (*all)[string(key)]
	}
	return nil
}

// named is who wants the events of a key.
func (is *interceptors) named(key string) []*interceptor {
	if all := is.byKey.Load(); all != nil {
		return (*all)[key]
	}
	return nil
}

// change replaces the interceptors of a key by what to makes of a copy of them.
func (is *interceptors) change(key string, to func([]*interceptor) []*interceptor) {
	is.mu.Lock()
	defer is.mu.Unlock()
	changed := map[string][]*interceptor{}
	if old := is.byKey.Load(); old != nil {
		for k, v := range *old {
			changed[k] = v
		}
	}
	if all := to(slices.Clone(changed[key])); len(all) > 0 {
		changed[key] = all
	} else {
		delete(changed, key)
	}
	is.byKey.Store(&changed)
}

// OnLeave has f called when Run ends: after the last handler, and before the node leaves the
// bus, so that f can still publish. stop takes it back.
func (c *Cluster) OnLeave(f func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &leaver{f}
	c.leavers = append(c.leavers, l)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.leavers = slices.DeleteFunc(c.leavers, func(other *leaver) bool { return other == l })
	}
}

// leaver is what is done before the node leaves.
type leaver struct{ f func() }

// leave does what is to be done before the node leaves, in the order in which it was asked for.
func (c *Cluster) leave() {
	c.mu.Lock()
	all := slices.Clone(c.leavers)
	c.mu.Unlock()
	for _, l := range all {
		l.f()
	}
}
