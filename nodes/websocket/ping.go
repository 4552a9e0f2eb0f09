package websocket

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// pinger asks a client from time to time whether it is there (spec: websocket 10).
type pinger struct {
	ponged atomic.Bool // since the last ping

	mu    sync.Mutex // guards what follows
	timer *time.Timer
	n     int
	over  bool
}

// start sends the first ping, if there are any.
func (p *pinger) start(c *client) {
	if c.listener.o.PingInterval > 0 {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.send(c)
		p.timer = time.AfterFunc(c.listener.o.PingInterval, func() { p.tick(c) })
	}
}

// send sends a ping. Zeek's have such a payload, and somebody may look at it.
func (p *pinger) send(c *client) {
	seconds := int(c.listener.o.PingInterval / time.Second)
	c.out.control(opPing, fmt.Appendf(nil, "ixwebsocket::heartbeat::%ds::%d", seconds, p.n))
	p.n++
}

// tick closes the connection if there was no answer. While the client has to wait for
// room its answers are not seen; it is there.
func (p *pinger) tick(c *client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	if ponged, stalled := p.ponged.Swap(false), c.in.stalled(); !ponged && !stalled {
		c.close(pingTimeout)
		return
	}
	p.send(c)
	p.timer.Reset(c.listener.o.PingInterval)
}

func (p *pinger) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	if p.timer != nil {
		p.timer.Stop()
	}
}
