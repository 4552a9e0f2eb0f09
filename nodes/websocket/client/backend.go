package client

import (
	"slices"
	"strings"
	"sync"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/websocket/frame"
)

// Connect is the way to a cluster through a server, for a [cluster.Cluster], or for a
// client of package nodes: the Connect of its options.
func Connect(o Options) cluster.Connect {
	return func(r cluster.Receiver) (cluster.Backend, error) {
		b, err := connectLink(o, r)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
}

// backend is a [cluster.Backend] that is a Link.
type backend struct {
	link *Link
	r    cluster.Receiver
	late sync.WaitGroup // of calls of r that nobody else waits for

	mu     sync.Mutex // guards what follows
	own    []string   // topics that mean something to ourselves only
	topics []string
	once   bool // there was a connection
}

func connectLink(o Options, r cluster.Receiver) (*backend, error) {
	b := &backend{r: r}
	lost := false // for one goroutine, that of the link
	var err error
	b.link, err = Open(o, nil, Handler{
		Connected: func(frame.Ack) { lost = false; b.connected() },
		Message:   func(m Message) { r.Message([]byte(m.Topic), nil, []byte(event.FormatJSON), m.Data) },
		Lost: func(err error) {
			if !lost { // of the attempts that follow nobody need hear
				r.Lost(err)
			}
			lost = true
		},
	})
	return b, err
}

// connected shows the Receiver what it has subscribed: that is how it learns that what
// it publishes gets somewhere.
func (b *backend) connected() {
	b.mu.Lock()
	all := slices.Concat(b.topics, b.own)
	b.once = true
	b.mu.Unlock()
	for _, topic := range all {
		b.r.Subscribed(topic)
	}
}

// Publish takes the event as a bus would. The server is told exactly that event.
func (b *backend) Publish(topic, _, format string, payload []byte) error {
	e, err := event.Decode(format, payload)
	if err != nil {
		return err
	}
	return b.link.Publish(topic, e)
}

// isOwn says whether a topic is one by which a client of a ZeroMQ bus learns that it is
// on it (spec: wire 1.7). No server need know.
func isOwn(topic string) bool { return strings.HasPrefix(topic, cluster.ZeroMQTopics.InternalPrefix) }

func (b *backend) Subscribe(topic string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if isOwn(topic) {
		b.own = append(b.own, topic)
		if b.once {
			b.late.Go(func() { b.r.Subscribed(topic) }) // who subscribes may hold what it waits for
		}
		return nil
	}
	if err := b.link.Subscribe(topic); err != nil {
		return err
	}
	if !slices.Contains(b.topics, topic) {
		b.topics = append(b.topics, topic)
	}
	return nil
}

func (b *backend) Unsubscribe(topic string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.topics = slices.DeleteFunc(b.topics, func(t string) bool { return t == topic })
	return b.link.Unsubscribe(topic)
}

func (b *backend) Close() error {
	err := b.link.Close()
	b.late.Wait()
	return err
}
