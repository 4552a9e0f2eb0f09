package control

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// maxNodes bounds what strangers who subscribe topics of nodes can make a Controller remember.
const maxNodes = 10_000

// Controller asks nodes, all at once. Its methods may be called from any goroutine; a
// handler that waits for an answer keeps the events behind it waiting, too. When the bus was
// away, a node that did not come back with it is found out by its silence.
type Controller struct {
	c     *cluster.Cluster
	fence string        // our own subscription, behind that of the answers
	ready chan struct{} // closed when the bus has shown it

	mu        sync.Mutex          // guards what follows
	topics    map[string]bool     // of nodes, at most maxNodes
	inquiries map[string]*inquiry // by the id of their request
}

// Question is what is asked.
type Question struct {
	Command Command
	ID      string // of the value, for [IDValue]
}

// Answer is what a node answered, or why it did not.
type Answer struct {
	Node string
	// Text is what it said: for [IDValue] the value, for [NetStats] and [PeerStatus]
	// what [ParseNetStats] and [ParsePeers] read, for others nothing.
	Text string
	// Err is nil, or wraps [ErrNotThere], [ErrLeft], [ErrNoAnswer], or what else went
	// wrong with this node.
	Err error
}

// Why there is no answer.
var (
	ErrNotThere = errors.New("not on the bus")
	ErrLeft     = errors.New("left the bus before it answered")
	ErrNoAnswer = errors.New("no answer in time")
)

// NewController makes a Controller of a node, or of a client of the cluster, that does not
// run yet.
func NewController(c *cluster.Cluster) (*Controller, error) {
	co := &Controller{
		c: c, ready: make(chan struct{}), topics: map[string]bool{}, inquiries: map[string]*inquiry{},
		fence: c.Options().Topics.InternalPrefix + c.NodeID() + ".control.",
	}
	err := errors.Join(
		cluster.Handle(c, "Cluster::Backend::ZeroMQ::subscription", co.subscribed),
		cluster.Handle(c, "Cluster::Backend::ZeroMQ::unsubscription", co.unsubscribed),
	)
	for _, command := range commands() {
		c.InterceptEvent(command.response(), func(r cluster.Received) { co.answered(command, r.Topic, r.Event) })
	}
	// In this order: when the bus shows the second one, the first is in force.
	return co, errors.Join(err, c.Subscribe(TopicPrefix+"/"), c.Subscribe(co.fence))
}

// WaitReady waits until the nodes that are on the bus are known, and what they answer
// would be heard.
func (co *Controller) WaitReady(ctx context.Context) error {
	select {
	case <-co.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("not on the bus: %w", context.Cause(ctx))
	}
}

// Nodes is the names of the nodes that are on the bus, in the order of the bytes.
func (co *Controller) Nodes() []string {
	co.mu.Lock()
	defer co.mu.Unlock()
	var names []string
	for topic := range co.topics {
		name, _ := co.nodeOf(topic)
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// nodeOf is the node whose own topic that is.
func (co *Controller) nodeOf(topic string) (name string, ok bool) {
	topics := co.c.Options().Topics
	name, before := strings.CutPrefix(topic, topics.NodePrefix)
	name, behind := strings.CutSuffix(name, topics.Suffix)
	return name, before && behind && name != ""
}

// Ask asks the named nodes and calls answered once for each, in the order in which that is
// known. It returns when all have answered or cannot, or, with [ErrNoAnswer] for those that
// have not, when ctx ends. The error says that nobody could be asked.
func (co *Controller) Ask(ctx context.Context, q Question, nodes []string, answered func(Answer)) error {
	if err := co.WaitReady(ctx); err != nil {
		return fmt.Errorf("cannot ask nodes: %w", err)
	}
	i := newInquiry(q, nodes)
	id := rand.Text()
	request := event.Event{Name: q.Command.request()}
	if n, _ := q.Command.arguments(); n == 1 {
		request.Args = []event.Value{event.String(q.ID)}
	}
	request.SetMeta(MetaRequest, event.String(id))
	co.mu.Lock()
	co.inquiries[id] = i
	co.mu.Unlock()
	defer co.forget(id)
	ask := func(node string) {
		if err := co.send(ctx, node, request); err != nil {
			i.settle(Answer{Node: node, Err: err})
		}
	}
	for _, node := range i.nodes {
		ask(node)
	}
	i.wait(ctx, ask, answered)
	return nil
}

// send publishes a request to a node, if it is there.
func (co *Controller) send(ctx context.Context, node string, request event.Event) error {
	topic := co.c.NodeTopic(node)
	co.mu.Lock()
	there := co.topics[topic]
	co.mu.Unlock()
	if !there {
		return ErrNotThere
	}
	return co.c.PublishEvent(ctx, topic, request)
}

func (co *Controller) forget(id string) {
	co.mu.Lock()
	defer co.mu.Unlock()
	delete(co.inquiries, id)
}

func (co *Controller) subscribed(_ context.Context, topic string) {
	co.mu.Lock()
	defer co.mu.Unlock()
	if _, ok := co.nodeOf(topic); ok && len(co.topics) < maxNodes {
		co.topics[topic] = true
	}
	if topic == co.fence {
		select {
		case <-co.ready: // shown again, by a bus that was away
		default:
			close(co.ready)
		}
	}
}

func (co *Controller) unsubscribed(_ context.Context, topic string) {
	co.mu.Lock()
	defer co.mu.Unlock()
	delete(co.topics, topic)
	for _, i := range co.inquiries {
		for _, node := range i.nodes {
			if topic == co.c.NodeTopic(node) {
				i.settle(Answer{Node: node, Err: ErrLeft})
			}
		}
	}
}

// answered finds whose answer it is; see the package comment.
func (co *Controller) answered(command Command, topic string, ev event.Event) {
	node, ok := strings.CutPrefix(topic, command.ResponseTopic(""))
	if !ok {
		return
	}
	co.mu.Lock()
	defer co.mu.Unlock()
	if _, has := ev.Meta(MetaRequest); has {
		if i := co.inquiries[requestID(ev)]; i != nil {
			i.answered(command, node, ev)
		}
		return
	}
	for _, i := range co.inquiries {
		i.answered(command, node, ev)
	}
}
