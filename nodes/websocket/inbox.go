package websocket

import "sync"

// message is a message of the bus.
type message struct{ topic, sender, format, payload []byte }

func (m message) size() int { return len(m.topic) + len(m.sender) + len(m.payload) }

// inboxBytes is how much of the bus waits to be handed out at most, beside one message.
const inboxBytes = 64 << 20

// inbox is the messages of the bus that wait to be handed out.
type inbox struct {
	wake chan struct{} // holds a token when there is something

	mu      sync.Mutex // guards what follows
	waiting []message
	size    int
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put says whether there was room.
func (i *inbox) put(m message) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.size > 0 && i.size+m.size() > inboxBytes {
		return false
	}
	i.waiting = append(i.waiting, m)
	i.size += m.size()
	if len(i.waiting) == 1 {
		select {
		case i.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// take is everything that waits. What is handed in is reused.
func (i *inbox) take(empty []message) []message {
	i.mu.Lock()
	defer i.mu.Unlock()
	all := i.waiting
	i.waiting, i.size = empty[:0], 0
	return all
}
