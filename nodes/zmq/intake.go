package zmq

// intake brings a connection's messages into an inbox: all that one read brought at once, so that they cost one lock and
// one wake-up.
type intake[T any] struct {
	conn   *conn
	inbox  *inbox[T]
	frames int // that a message must have; 0: any number
	stats  *counters
	wrap   func(Message) T
	drop   func(T) // for what the inbox did not take; nil: nothing

	items    []T
	messages int // among the items
	size     int // of them
	slab     slab
}

// receive takes messages until the connection fails.
func (i *intake[T]) receive() error {
	i.conn.in.before = i.flush
	defer i.flush()
	for {
		p, err := i.conn.next()
		if err != nil {
			return err
		}
		if p.command {
			continue
		}
		if i.frames > 0 && len(p.spans) != i.frames {
			i.stats.errors.Add(1)
			continue
		}
		i.items = append(i.items, i.wrap(i.slab.message(p)))
		i.messages++
		i.size += len(p.wire)
		if len(i.items) >= mostItems {
			i.flush()
		}
	}
}

// mostItems bounds what is gathered: a read may bring thousands of tiny messages, whose frames take more than their bytes.
const mostItems = 256

// flush hands on what was gathered. It waits for room, and keeps the peer from hanging up meanwhile.
func (i *intake[T]) flush() {
	if len(i.items) == 0 {
		return
	}
	i.stats.took(i.messages, i.size)
	for items := i.items; ; {
		taken, room, err := i.inbox.offer(items, i.size*len(items)/len(i.items))
		if err != nil {
			i.conn.fail(err)
			i.dropAll(items)
			break
		}
		if items = items[taken:]; len(items) == 0 {
			break
		}
		if !i.conn.wait(room, nil) {
			i.dropAll(items)
			break
		}
	}
	clear(i.items)
	i.items, i.messages, i.size = i.items[:0], 0, 0
}

func (i *intake[T]) dropAll(items []T) {
	if i.drop == nil {
		return
	}
	for _, item := range items {
		i.drop(item)
	}
}
