package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/event"
)

// Options says who a node is and how it behaves. Names and defaults are those of
// Zeek's options; the zero value of each field is its default.
type Options struct {
	// Node is the node's name in the layout (Cluster::node). Without one it is a
	// client: it publishes, subscribes and handles events, but says no hello and
	// is nobody's peer.
	Node string
	// NodeID is a name for this process that no other ever has; a client needs
	// one, too (Cluster::node_id).
	NodeID string
	// Layout is all nodes (Cluster::nodes). A client may do without.
	Layout *layoutgen.Layout
	// Topics is what topics are called: [ZeroMQTopics]. With others, like
	// [BrokerTopics], a cluster has to be of nodes in Go, or of Zeeks whose options
	// say the same.
	Topics Topics
	// EventSerializer is the format of what is published: [event.FormatBin] or
	// [event.FormatJSON]. Both are understood (Cluster::event_serializer).
	EventSerializer string
	// AddNetworkTimestamp adds the time to what is published
	// (EventMetadata::add_network_timestamp).
	AddNetworkTimestamp bool
	// HelloExpiration is how long half a handshake is remembered: 10 s
	// (Cluster::Backend::ZeroMQ::hello_expiration).
	HelloExpiration time.Duration
	// OnloopQueueHWM is how many events wait for their handlers before more are
	// dropped: 10000; less than 0 is no limit but that of their messages, 256 MiB
	// (Cluster::Backend::ZeroMQ::onloop_queue_hwm).
	OnloopQueueHWM int
	// Linger is how long events that wait are still handled at the end: 500 ms
	// (Cluster::Backend::ZeroMQ::linger_ms).
	Linger time.Duration
	// WorkerPoolSpec, ProxyPoolSpec and LoggerPoolSpec are what the pools that
	// there are always are registered with: all nodes of the type. Without a
	// NodeType or a Topic these are the defaults (Cluster::worker_pool_spec and
	// so on).
	WorkerPoolSpec, ProxyPoolSpec, LoggerPoolSpec PoolSpec
	// SelfInHRW lets a member of a pool pick itself by [Cluster.HRWTopic], as
	// other nodes pick it. Zeek's do not (spec: cluster-framework 1.7).
	SelfInHRW bool
	// CoreMetrics is how finely events are counted
	// (Cluster::Telemetry::core_metrics).
	CoreMetrics TrafficDetail
	// TopicNormalizations is which topics are counted together: the first that matches.
	// nil: [DefaultTopicNormalizations] (Cluster::Telemetry::topic_normalizations).
	TopicNormalizations []TopicNormalization
	// MessageSizeBounds is the sizes by which messages are counted, in bytes, the
	// smallest first. nil: [DefaultMessageSizeBounds]
	// (Cluster::Telemetry::message_size_bounds).
	MessageSizeBounds []float64
	// Log is what the node says about itself; nil discards it. Its handler must not
	// call the Cluster.
	Log *slog.Logger
	// WriteLog writes a line to cluster.log; nil discards it. It must not call
	// the Cluster.
	WriteLog func(at time.Time, line string)
	// Reread returns the layout if it has changed since it was last read, else
	// nil; it is called when somebody comes whom the layout does not know, or
	// goes. It must not call the Cluster.
	Reread func() *layoutgen.Layout
	// Changed is called after peers came or went, or the bus did, and every
	// second.
	Changed func()
}

func (o Options) withDefaults() Options {
	if o.Layout == nil {
		o.Layout = &layoutgen.Layout{}
	}
	o.Topics = o.Topics.withDefaults()
	if o.EventSerializer == "" {
		o.EventSerializer = event.FormatBin
	}
	if o.HelloExpiration == 0 {
		o.HelloExpiration = helloExpiration
	}
	if o.OnloopQueueHWM == 0 {
		o.OnloopQueueHWM = 10000
	}
	if o.Linger == 0 {
		o.Linger = 500 * time.Millisecond
	}
	if o.TopicNormalizations == nil && o.CoreMetrics != TrafficInfo {
		o.TopicNormalizations = DefaultTopicNormalizations()
	}
	if o.MessageSizeBounds == nil {
		o.MessageSizeBounds = DefaultMessageSizeBounds()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.WriteLog == nil {
		o.WriteLog = func(time.Time, string) {}
	}
	if o.Reread == nil {
		o.Reread = func() *layoutgen.Layout { return nil }
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	return o
}

// Cluster is one node's view of its cluster. Its methods may be called from any
// goroutine, handlers included, unless they say otherwise.
type Cluster struct {
	o            Options
	queue        *queue
	handlers     handlers
	sooner       interceptors // by topic
	soonerByName interceptors
	stats        counters
	incoming     *traffic // nil: not counted so finely
	outgoing     *traffic
	notes        *notes
	ready        chan struct{} // closed when the node can publish
	gaveUp       context.Context
	giveUp       context.CancelFunc

	backend atomic.Pointer[Backend]

	mu      sync.Mutex // guards what follows; nothing is waited for under it
	members *Membership
	pools   *Pools
	since   map[string]time.Time // when a peer, by its name, last came up or went down
	topics  []string             // subscribed by the user, in order
	leavers []*leaver            // what is to be done before the node leaves
	running bool
	joined  bool
}

// New makes a node of a cluster that has not joined it yet. It fails for a name
// that is not in the layout, or of a node that does not run.
func New(o Options) (*Cluster, error) {
	o = o.withDefaults()
	if o.NodeID == "" {
		return nil, errors.New("cannot be on a bus without a node id")
	}
	if o.EventSerializer != event.FormatBin && o.EventSerializer != event.FormatJSON {
		return nil, fmt.Errorf("cannot publish in format %q; there are %s and %s", o.EventSerializer, event.FormatBin, event.FormatJSON)
	}
	c := &Cluster{o: o, incoming: o.newTraffic(), outgoing: o.newTraffic(), queue: newQueue(o.OnloopQueueHWM), notes: newNotes(o), ready: make(chan struct{}), since: map[string]time.Time{}}
	c.gaveUp, c.giveUp = context.WithCancel(context.Background())
	if o.Node != "" {
		if err := checkRuns(o.Layout, o.Node); err != nil {
			return nil, err
		}
	}
	c.members = NewMembership(o.Layout, o.Node, o.NodeID)
	c.members.HelloExpiration, c.members.Topics = o.HelloExpiration, o.Topics
	c.pools = NewPools(o.SelfInHRW)
	c.pools.UseTopics(o.Topics)
	return c, c.redefPools()
}

// redefPools makes the pools that there are always as the options say.
func (c *Cluster) redefPools() error {
	for i, spec := range []PoolSpec{c.o.WorkerPoolSpec, c.o.ProxyPoolSpec, c.o.LoggerPoolSpec} {
		t := poolTypes[i]
		if spec.NodeType != "" && spec.NodeType != t {
			return fmt.Errorf("cannot make the pool of all nodes of type %s one of type %s", t, spec.NodeType)
		}
		spec.NodeType = t
		if err := c.pools.Redef(spec); err != nil {
			return fmt.Errorf("cannot make the pool of all nodes of type %s: %w", t, err)
		}
	}
	return nil
}

// checkRuns says why the node of that name cannot run, if so.
func checkRuns(layout *layoutgen.Layout, name string) error {
	self, known := layout.Node(name)
	if !known {
		return fmt.Errorf("cannot be node %q: the layout has %v", name, layout.Names())
	}
	switch self.Type {
	case layoutgen.TypeManager, layoutgen.TypeLogger, layoutgen.TypeProxy, layoutgen.TypeWorker:
		return nil
	}
	return fmt.Errorf("cannot be node %q: nodes of type %s do not run", name, self.Type)
}

// Run joins the bus, says hello to all who are there, and calls handlers, one
// after the other, until ctx ends. It runs once. It waits for a handler that is under
// way, unless somebody gives it up; see [Cluster.GiveUp].
func (c *Cluster) Run(ctx context.Context, connect Connect) error {
	backend, err := c.join(connect)
	if err != nil {
		return err
	}
	var ticking, writing sync.WaitGroup
	stop := make(chan struct{})
	ticking.Go(func() { c.tick(ctx) })
	writing.Go(func() { c.notes.run(stop) })
	closing, cancel := lingering(ctx, c.o.Linger)
	defer cancel()
	err = c.handle(ctx, closing)
	ticking.Wait()
	c.leave()
	err = errors.Join(err, backend.Close())
	close(stop)
	writing.Wait()
	return err
}

// lingering is a context that ends a while after the other one.
func lingering(ctx context.Context, linger time.Duration) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(linger, cancel) })
	return late, func() { stop(); cancel() }
}

// join connects, and subscribes what the node's role and the user want, in
// Zeek's order (spec: cluster-framework 1.5).
func (c *Cluster) join(connect Connect) (Backend, error) {
	if err := c.assign(); err != nil {
		return nil, err
	}
	backend, err := c.connect(connect)
	if err != nil && backend != nil {
		err = errors.Join(err, backend.Close()) // waits for calls of the Receiver, which wait for c.mu
	}
	return backend, err
}

// connect is join without the end of a backend that cannot be used.
func (c *Cluster) connect(connect Connect) (Backend, error) {
	c.mu.Lock() // what the bus shows meanwhile is answered when there is a way to
	defer c.mu.Unlock()
	backend, err := connect(receiver{c})
	if err != nil {
		return nil, err
	}
	c.backend.Store(&backend)
	c.running = true
	for _, topic := range append(c.ownTopics(), c.topics...) {
		if err := backend.Subscribe(topic); err != nil {
			return backend, fmt.Errorf("cannot subscribe %q: %w", topic, err)
		}
	}
	return backend, nil
}

// tick lets time pass for the handshakes.
func (c *Cluster) tick(ctx context.Context) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-second.C:
			c.membership(func(m *Membership) Effects { return m.Tick(now) })
			c.stats.warn(c.o.Log)
			c.o.Changed()
		}
	}
}

// WaitReady waits until what is published reaches all who subscribed it before:
// until the node's own subscriptions have come back to it over the bus (spec:
// wire 1.7). What is published sooner may be lost.
func (c *Cluster) WaitReady(ctx context.Context) error {
	select {
	case <-c.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cannot publish yet: not on the bus: %w", context.Cause(ctx))
	}
}
