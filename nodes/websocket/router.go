package websocket

import (
	"slices"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/websocket/frame"
)

const (
	// blockBytes is how much text is handed out at once, but for one event.
	blockBytes = 256 << 10
	// pauseFor is how long the router pauses for each client that it woke, and
	// longestPause all in all: what comes meanwhile goes out with the same system calls.
	// Who is alone hears everything at once.
	pauseFor     = 40 * time.Microsecond
	longestPause = 2 * time.Millisecond
	// routesKept is of how many topics it is remembered who wants them.
	routesKept = 4096
)

// router hands the messages of the bus to the clients that subscribed their topics: one
// goroutine, to which everything here belongs.
type router struct {
	server *Server

	text    []byte    // frames, one after the other, for all clients
	payload []byte    // of one frame
	touched []*client // for whom there is something in text

	routes  map[string][]*client
	changes uint64 // of the subscriptions, as of routes
}

// stage is what is in the router's text for one client.
type stage struct {
	spans  []span
	events uint64
	pieces [][]byte
}

// span is a part of the text.
type span struct{ from, to int }

// run hands out what comes until the server ends.
func (r *router) run() {
	var batch []message
	for {
		select {
		case <-r.server.ending:
			return
		case <-r.server.inbox.wake:
		}
		batch = r.server.inbox.take(batch)
		woken := 0
		for _, m := range batch {
			r.route(m)
			if len(r.text) >= blockBytes {
				woken = max(woken, r.flush())
			}
		}
		woken = max(woken, r.flush())
		clear(batch)
		if pause := min(time.Duration(woken)*pauseFor, longestPause); woken > 1 {
			time.Sleep(pause)
		}
	}
}

// route notes a message for all who want it but the client that sent it.
func (r *router) route(m message) {
	var at span
	for _, c := range r.wanting(m.topic) {
		if !c.active.Load() || string(m.sender) == c.info.ID {
			continue
		}
		if at.to == 0 {
			var ok bool
			if at, ok = r.write(m); !ok {
				return
			}
		}
		r.stage(c, at)
	}
}

// wanting is who wants a topic. Mostly it was asked before.
func (r *router) wanting(topic []byte) []*client {
	if now := r.server.subscriptions.changes.Load(); r.routes == nil || now != r.changes || len(r.routes) >= routesKept {
		r.routes, r.changes = map[string][]*client{}, now
	}
	clients, known := r.routes[string(topic)]
	if !known {
		clients = r.server.subscriptions.match(string(topic))
		r.routes[string(topic)] = clients
	}
	return clients
}

// write appends a message to the text as a frame.
func (r *router) write(m message) (span, bool) {
	e, err := event.Decode(string(m.format), m.payload)
	if err != nil {
		r.server.stats.malformed.Add(1)
		return span{}, false
	}
	r.payload = frame.AppendData(r.payload[:0], string(m.topic), e)
	from := len(r.text)
	r.text = appendFrame(r.text, opText, r.payload)
	return span{from, len(r.text)}, true
}

func (r *router) stage(c *client, at span) {
	s := &c.staged
	if s.events == 0 {
		r.touched = append(r.touched, c)
	}
	s.events++
	if last := len(s.spans) - 1; last >= 0 && s.spans[last].to == at.from {
		s.spans[last].to = at.to
		return
	}
	s.spans = append(s.spans, at)
}

// flush hands out the text and says to how many.
func (r *router) flush() int {
	if len(r.touched) == 0 {
		return 0
	}
	block := slices.Clone(r.text)
	for _, c := range r.touched {
		c.deliver(block)
	}
	woken := len(r.touched)
	clear(r.touched)
	r.touched, r.text = r.touched[:0], r.text[:0]
	const kept = 4 * blockBytes
	if cap(r.text) > kept || cap(r.payload) > kept {
		r.text, r.payload = nil, nil
	}
	return woken
}

// deliver hands a client what is for it in the block.
func (c *client) deliver(block []byte) {
	s := &c.staged
	for _, at := range s.spans {
		s.pieces = append(s.pieces, block[at.from:at.to:at.to])
	}
	if c.out.take(s.pieces, len(block)) {
		c.app.incoming.Add(s.events)
	} else {
		c.slow()
	}
	clear(s.pieces)
	s.pieces, s.spans, s.events = s.pieces[:0], s.spans[:0], 0
}
