package tap

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/zmq"
)

// Visit is a stay on the bus that sees all subscriptions and may publish. The
// only thing it subscribes is what tells it that it is ready: topics that every
// node ignores (spec: wire 1.7).
type Visit struct {
	backend layoutgen.Backend
	id      string
	linger  time.Duration
	xpub    *zmq.XPub
	xsub    *zmq.XSub

	mu      sync.Mutex      // guards what follows
	changed chan struct{}   // closed and replaced whenever something below changes
	epoch   int             // how many connections the XPUB has had
	hearing bool            // the XSUB has had one
	topics  map[string]bool // that somebody else subscribes
	own     map[string]bool // of ours, those that have come round
	lost    error           // why the XPUB's connection ended; nil while there is one
	said    bool            // something was published
}

// Join connects to both sockets of a broker and waits until what others had
// subscribed before is known. If ctx ends first, the error is an
// [UnreachableError] where the broker was not even reached.
func Join(ctx context.Context, backend layoutgen.Backend, o zmq.Options) (*Visit, error) {
	v := &Visit{
		backend: backend, id: newID(), linger: o.Linger,
		changed: make(chan struct{}), topics: map[string]bool{}, own: map[string]bool{},
	}
	xpubTrouble, xsubTrouble := newTrouble(o.Log), newTrouble(o.Log)
	err := v.connect(o, xpubTrouble, xsubTrouble)
	if err == nil {
		err = v.ready(ctx)
	}
	switch {
	case err == nil:
		return v, nil
	case ctx.Err() == nil:
	case v.connection() == 0:
		err = xpubTrouble.unreachable(backend.ConnectXPub)
	case !v.hears():
		err = xsubTrouble.unreachable(backend.ConnectXSub)
	}
	return nil, errors.Join(err, v.leave())
}

func (v *Visit) connect(o zmq.Options, xpubTrouble, xsubTrouble *trouble) (err error) {
	o.Log = slog.New(xpubTrouble)
	v.xpub, err = zmq.ConnectXPub(v.backend.ConnectXPub, o, zmq.XPubHandler{
		Subscribed:   func(topic []byte) { v.see(string(topic), true) },
		Unsubscribed: func(topic []byte) { v.see(string(topic), false) },
		Connected: func() {
			v.change(func() { v.epoch++; v.lost = nil })
		},
		Disconnected: func(err error) {
			v.change(func() { v.lost = lost(v.backend.ConnectXPub, err); clear(v.topics) })
		},
	})
	if err != nil {
		return err
	}
	o.Log = slog.New(xsubTrouble)
	v.xsub, err = zmq.ConnectXSub(v.backend.ConnectXSub, o, zmq.XSubHandler{
		Connected: func() {
			v.change(func() { v.hearing = true })
		},
	})
	return err
}

// change does something to the guarded fields.
func (v *Visit) change(do func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	do()
	close(v.changed)
	v.changed = make(chan struct{})
}

func (v *Visit) see(topic string, there bool) {
	v.change(func() {
		switch {
		case strings.HasPrefix(topic, internalTopic(v.id)):
			v.own[topic] = there
		case there:
			v.topics[topic] = true
		default:
			delete(v.topics, topic)
		}
	})
}

// newID makes an id that is nobody's, and no node's.
func newID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("zctl_%s_%d_%s", host, os.Getpid(), rand.Text()[:17])
}

// ID is the sender id of this visit.
func (v *Visit) ID() string { return v.id }

// Topics is what others subscribe, in the order of the bytes. Several who
// subscribe the same cannot be told apart.
func (v *Visit) Topics() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make([]string, 0, len(v.topics))
	for t := range v.topics {
		all = append(all, t)
	}
	slices.Sort(all)
	return all
}

// Matching is those of Topics that a message with this topic goes to.
func (v *Visit) Matching(topic string) []string {
	return slices.DeleteFunc(v.Topics(), func(t string) bool { return !strings.HasPrefix(topic, t) })
}

// Publish sends a payload in the named format to all who subscribe a beginning of
// the topic. Whose sender id it is does not hear it (spec: wire T3).
func (v *Visit) Publish(topic, sender, format string, payload []byte) error {
	v.change(func() { v.said = true })
	return v.xpub.Send(zmq.Message{[]byte(topic), []byte(sender), []byte(format), payload})
}

// Close leaves the bus when the broker has taken what was published; the error
// says that it has not, or may not have, or that the connection was lost, and with
// it all that was known.
func (v *Visit) Close() error {
	begun := time.Now()
	err := v.leave()
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case err != nil:
		return err
	case v.lost != nil && !v.said:
		return v.lost
	case v.lost != nil:
		return fmt.Errorf("what was published may not have arrived: %w", v.lost)
	case v.linger > 0 && time.Since(begun) >= v.linger:
		return fmt.Errorf("what was published may not have arrived: the broker at %s did not take it within %v", v.backend.ConnectXPub, v.linger)
	}
	return nil
}

// leave closes the publisher first: that is where there may be something to send.
func (v *Visit) leave() error {
	var errs []error
	if v.xpub != nil {
		errs = append(errs, v.xpub.Close())
	}
	if v.xsub != nil {
		errs = append(errs, v.xsub.Close())
	}
	return errors.Join(errs...)
}
