package supervisor

import (
	"fmt"
	"strconv"
	"time"

	"zctl/supervisor/lifecycle"
	"zctl/supervisor/notify"
)

// ear listens to the notifications of one process. Each process gets a new one,
// so that what its predecessor said last does not count for it.
type ear struct {
	socket *notify.Socket
	stop   chan struct{} // closed when nobody wants to hear any more
	done   chan struct{} // closed when the goroutine has ended
}

// listen opens the node's notification socket anew.
func (n *node) listen() error {
	n.ear.close()
	n.ear = nil
	socket, err := notify.Listen(n.shared.dirs.notifySocket(n.name))
	if err != nil {
		return err
	}
	e := &ear{socket: socket, stop: make(chan struct{}), done: make(chan struct{})}
	n.ear = e
	go func() {
		defer close(e.done)
		for {
			msg, err := e.socket.Receive()
			if err != nil {
				return
			}
			select {
			case n.inbox <- heard{e, msg}:
			case <-e.stop:
				return
			}
		}
	}()
	return nil
}

func (e *ear) close() {
	if e == nil {
		return
	}
	close(e.stop)
	e.socket.Close()
	<-e.done
}

// The lines, next to STATUS, by which a node says how many of its peers it has
// met. systemd ignores what begins with X_.
const (
	peersUpKey    = "X_PEERS_UP"
	peersTotalKey = "X_PEERS_TOTAL"
)

// heard takes note of a notification.
func (n *node) heard(m notify.Message) {
	if text, ok := m["STATUS"]; ok {
		n.text = text
	}
	up, errUp := strconv.Atoi(m[peersUpKey])
	total, errTotal := strconv.Atoi(m[peersTotalKey])
	if errUp == nil && errTotal == nil {
		n.peers = &Peers{up, total}
	}
	kind := lifecycle.Spoken
	if m.Ready() {
		kind = lifecycle.SaidReady
	}
	n.step(lifecycle.Event{Kind: kind, Cause: fmt.Sprintf("said so %v after its start", age(n.state.Since))})
}

// age is how long ago something was, as people say it.
func age(since time.Time) time.Duration {
	d := time.Since(since)
	for _, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		if d > unit {
			return d.Round(unit / 100)
		}
	}
	return d.Round(time.Millisecond)
}
