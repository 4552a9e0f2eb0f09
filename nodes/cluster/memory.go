package cluster

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Bus is a bus in memory, for tests: what is published to it behaves as on a
// ZeroMQ broker. Messages to one member stay in order, a member that is slow
// delays nobody, every subscription is shown to all members, and one that came
// late is first shown those that there are.
//
//	bus := cluster.NewBus()
//	a, err := cluster.New(cluster.Options{…})
//	go a.Run(ctx, bus.Connect)
type Bus struct {
	mu      sync.Mutex // guards what follows; members are called without it
	members []*member
	topics  map[string]int // how many members subscribe each
}

// NewBus makes a bus that nobody has joined.
func NewBus() *Bus { return &Bus{topics: map[string]int{}} }

// Connect joins the bus. It is a [Connect].
func (b *Bus) Connect(r Receiver) (Backend, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := &member{bus: b, topics: map[string]bool{}, wake: make(chan struct{}, 1), done: make(chan struct{})}
	for _, topic := range slices.Sorted(maps.Keys(b.topics)) {
		m.post(func() { r.Subscribed(topic) })
	}
	m.receiver = r
	b.members = append(b.members, m)
	go m.run()
	return m, nil
}

// member is one who joined a Bus.
type member struct {
	bus      *Bus
	receiver Receiver
	topics   map[string]bool // guarded by the bus's mutex, as is closed
	closed   bool
	wake     chan struct{}
	done     chan struct{}

	mu    sync.Mutex // guards what follows
	inbox []func()   // what the receiver has yet to be told
	over  bool
}

// errClosed is the error of who left the bus.
var errClosed = errors.New("not on the bus any more")

func (m *member) Publish(topic, sender, format string, payload []byte) error {
	m.bus.mu.Lock()
	defer m.bus.mu.Unlock()
	if m.closed {
		return errClosed
	}
	payload = slices.Clone(payload)
	for _, to := range m.bus.members {
		if to.wants(topic) {
			to.post(func() { to.receiver.Message([]byte(topic), []byte(sender), []byte(format), payload) })
		}
	}
	return nil
}

func (m *member) wants(topic string) bool {
	for prefix := range m.topics {
		if strings.HasPrefix(topic, prefix) {
			return true
		}
	}
	return false
}

func (m *member) Subscribe(topic string) error {
	m.bus.mu.Lock()
	defer m.bus.mu.Unlock()
	if m.closed {
		return errClosed
	}
	if m.topics[topic] {
		return nil
	}
	m.topics[topic] = true
	m.bus.topics[topic]++
	for _, to := range m.bus.members {
		to.post(func() { to.receiver.Subscribed(topic) })
	}
	return nil
}

func (m *member) Unsubscribe(topic string) error {
	m.bus.mu.Lock()
	defer m.bus.mu.Unlock()
	if m.closed {
		return errClosed
	}
	if m.topics[topic] {
		m.bus.drop(m, topic)
	}
	return nil
}

// drop takes back a subscription of a member.
func (b *Bus) drop(m *member, topic string) {
	delete(m.topics, topic)
	if b.topics[topic]--; b.topics[topic] > 0 {
		return
	}
	delete(b.topics, topic)
	for _, to := range b.members {
		to.post(func() { to.receiver.Unsubscribed(topic) })
	}
}

// Close leaves the bus, which tells the others.
func (m *member) Close() error {
	m.bus.mu.Lock()
	if !m.closed {
		m.closed = true
		m.bus.members = slices.DeleteFunc(m.bus.members, func(other *member) bool { return other == m })
		for topic := range maps.Clone(m.topics) {
			m.bus.drop(m, topic)
		}
	}
	m.bus.mu.Unlock()
	m.mu.Lock()
	m.over = true
	m.mu.Unlock()
	m.signal()
	<-m.done
	return nil
}

// post leaves something for the member's goroutine.
func (m *member) post(act func()) {
	m.mu.Lock()
	m.inbox = append(m.inbox, act)
	m.mu.Unlock()
	m.signal()
}

func (m *member) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// run tells the receiver what happens until the member leaves.
func (m *member) run() {
	defer close(m.done)
	for range m.wake {
		for {
			m.mu.Lock()
			acts, over := m.inbox, m.over
			m.inbox = nil
			m.mu.Unlock()
			if over {
				return
			}
			if len(acts) == 0 {
				break
			}
			for _, act := range acts {
				act()
			}
		}
	}
}
