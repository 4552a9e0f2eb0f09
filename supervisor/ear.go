package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"zctl/supervisor/lifecycle"
	"zctl/supervisor/notify"
)

// listen makes the node hear what its next process says, and nothing that an
// earlier one said: that has arrived, because a successor is made when the process
// has ended.
func (n *node) listen() error {
	path := n.shared.dirs.notifySocket(n.name)
	if n.ear != nil {
		if _, err := os.Lstat(path); err == nil {
			n.ear.discard()
			return n.admit(path)
		}
		n.deafen() // somebody removed it
	}
	socket, err := notify.Listen(path)
	if err != nil {
		return err
	}
	n.ear = &ear{socket}
	go n.hear(n.ear)
	return n.admit(path)
}

// admit lets the user that the node runs as write to its socket, and to no other.
func (n *node) admit(path string) error {
	user := n.target.spec.Limits.User
	if user == nil {
		return nil
	}
	err := errors.Join(letPass(n.shared.dirs.Run()), letPass(filepath.Dir(path)))
	if err == nil {
		err = os.Lchown(path, int(user.UID), int(user.GID))
	}
	if err != nil {
		return fmt.Errorf("cannot let %s notify us: %w", user, err)
	}
	return nil
}

// ear is where the notifications of a node's processes arrive.
type ear struct{ *notify.Socket }

// discard drops what was said so far.
func (e *ear) discard() {
	const most = 1 << 12 // more than the kernel keeps
	for range most {
		if _, ok := e.Next(); !ok {
			return
		}
	}
}

// hear listens until the ear is closed. A message is taken with the node
// locked, so that it is about the process that the node has then.
func (n *node) hear(e *ear) {
	const (
		some   = 16  // messages in a turn
		atOnce = 100 // turns, then who keeps talking has to wait for the second to end
	)
	for turns, begin := 1, time.Now(); e.Wait() == nil; turns++ {
		n.act(func() {
			for range some {
				if m, ok := e.Next(); ok && e == n.ear {
					n.heard(m)
				}
			}
		})
		if turns < atOnce {
			continue
		}
		select {
		case <-time.After(time.Until(begin.Add(time.Second))):
		case <-n.left:
		}
		turns, begin = 0, time.Now()
	}
}

// deafen ends listening.
func (n *node) deafen() {
	if n.ear != nil {
		n.ear.Close()
		n.ear = nil
	}
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
	if m.Ready() && !n.byZeek() {
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
