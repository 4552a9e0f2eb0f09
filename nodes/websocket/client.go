package websocket

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	ws "github.com/coder/websocket"

	"zctl/nodes/event"
	"zctl/nodes/websocket/frame"
)

// client is a connection from its upgrade to its end. Three goroutines serve it: one
// reads, one looks at what was read, one writes.
type client struct {
	server   *Server
	listener *listener
	info     Endpoint
	app      *appCounters
	wire     *wire
	ws       *ws.Conn
	rejected *frame.Error // what is wrong with how it introduced itself
	in       *pending
	out      *outbox
	ping     pinger
	gone     chan struct{} // closed when nothing more comes
	topics   []string      // subscribed
	active   atomic.Bool   // it has its ack, and gets events
	staged   stage         // belongs to the router
}

// run serves the client until it has gone and all that it sent was done.
func (c *client) run() {
	if c.rejected != nil {
		c.reject()
		return
	}
	c.ping.start(c)
	var work sync.WaitGroup
	var why closing
	work.Go(func() { c.listen(&why) })
	work.Go(c.write)
	err := c.read()
	c.active.Store(false)
	c.ping.stop()
	why = c.wire.outcome(err)
	close(c.gone)
	c.out.close()
	c.in.end()
	c.wire.drain()
	work.Wait()
}

// reject tells a client what is wrong, and disconnects it. Nobody hears of it (spec:
// websocket 3).
func (c *client) reject() {
	c.wire.send([][]byte{appendFrame(nil, opText, frame.AppendError(nil, c.rejected))})
	c.close(closing{int(ws.StatusPolicyViolation), c.rejected.Context})
	c.in.ignore()
	c.wire.outcome(c.read())
	c.wire.drain()
}

// close sends a close frame. What the client still sends is ignored but for its answer.
func (c *client) close(why closing) { c.wire.close(why) }

// slow disconnects a client that does not take what is for it.
func (c *client) slow() {
	c.active.Store(false)
	if c.wire.abort(sendTimeout) {
		c.server.stats.slow.Add(1)
	}
}

// write writes what waits for the client.
func (c *client) write() {
	err := c.out.run(c.wire)
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.wire.closing.Load() {
		c.slow()
	}
}

// reply leaves an answer for the client, in order with its events.
func (c *client) reply(text []byte) {
	if !c.out.put(appendFrame(nil, opText, text)) {
		c.slow()
	}
}

// read reads messages until the connection ends.
func (c *client) read() error {
	for {
		kind, r, err := c.ws.Reader(context.Background())
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		switch {
		case err != nil:
			return err
		case c.wire.closing.Load(): // only the client's answer to that is of interest
		case kind == ws.MessageText && !utf8.Valid(data):
			c.close(badPayload)
		case !c.in.put(data):
			c.close(tooEager)
		}
	}
}

// listen does what the client says, one message after the other, and in the end says
// that it has gone.
func (c *client) listen(why *closing) {
	defer func() {
		c.server.subscriptions.remove(c, c.topics, c.server.backend.Unsubscribe)
		c.listener.queue.put(func() { c.server.o.Lost(c.info, why.code, why.reason) })
	}()
	first, ok := c.in.next()
	if !ok || !c.subscribe(first) {
		c.in.ignore()
		<-c.gone
		return
	}
	for {
		data, ok := c.in.next()
		if !ok {
			return
		}
		c.publish(data)
	}
}

// subscribe takes the first message of a client. Without success it gets no second
// chance, as with Zeek (spec: websocket 3).
func (c *client) subscribe(data []byte) bool {
	topics, bad := frame.DecodeSubscriptions(data)
	if bad != nil {
		c.reply(frame.AppendError(nil, bad))
		return false
	}
	slices.Sort(topics)
	c.topics = slices.Compact(topics)
	if err := c.server.subscriptions.add(c, c.topics, c.server.backend.Subscribe); err != nil {
		c.server.o.Log.Warn("cannot subscribe for a WebSocket client", "client", c.info.ID, "err", err)
		c.close(notSubscribe)
		return false
	}
	if !c.ready() {
		return false
	}
	acked := make(chan struct{})
	if !c.listener.queue.put(func() { defer close(acked); c.ack() }) {
		return false
	}
	select {
	case <-acked:
		return true
	case <-c.server.ending:
		return false
	}
}

// ready waits until the subscriptions are in force and the client can publish. One that
// has gone is waited for a while, because of what it sent before.
func (c *client) ready() bool {
	topic, seen := c.server.readiness.expect(c.info.ID)
	defer c.server.readiness.forget(topic)
	if err := c.server.backend.Subscribe(topic); err != nil {
		c.close(notSubscribe)
		return false
	}
	defer c.server.backend.Unsubscribe(topic)
	select {
	case <-seen:
		return true
	case <-c.server.ending:
		return false
	case <-c.gone:
	}
	select {
	case <-seen:
		return true
	case <-c.server.ending:
	case <-time.After(patience):
	}
	return false
}

// ack tells the node of the client, and the client that it is ready. From then on it
// gets events.
func (c *client) ack() {
	c.server.o.Added(c.info, slices.Clone(c.topics))
	c.reply(frame.AppendAck(nil, c.info.ID, c.server.o.Version))
	c.active.Store(true)
	c.in.ack()
}

// publish takes any other message of a client.
func (c *client) publish(data []byte) {
	d, bad, err := frame.DecodeData(data, c.listener.o.Strict)
	if bad == nil {
		if err = c.listener.declared.check(d.Event); err != nil {
			bad = frame.NoEvent
		}
	}
	if bad != nil {
		c.server.o.Log.Debug("cannot take a message of a WebSocket client", "client", c.info.ID, "err", err)
		c.reply(frame.AppendError(nil, bad))
		return
	}
	topic, payload := d.Topic, d.Event.Append(nil)
	c.listener.queue.put(func() { c.server.publish(c, topic, event.FormatBin, payload) })
}
