package zmq

import (
	"slices"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// receipts is what the AckPush at the other end of a Pull's connection asked about: each of its PINGs is answered when all
// messages before it have arrived, which those do in any order.
type receipts struct {
	conn *conn

	mu    sync.Mutex    // guards what follows, and the receipts
	asked []*receipt    // in order
	next  *receipt      // of messages since the last PING, nil: there were none
	none  chan struct{} // closed when nothing is waited for; nil: nobody wants to know
}

// receipt is the messages between two PINGs.
type receipt struct {
	of     *receipts
	left   int    // messages that have not arrived
	answer []byte // what to say when all have; nil: nobody has asked yet
}

// mostAsked bounds the PINGs that wait for their answers. What more come go on with those of later ones, which say as much.
const mostAsked = 1000

// message adds a message to those that the next PING asks about.
func (r *receipts) message() *receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &receipt{of: r}
	}
	r.next.left++
	return r.next
}

// ping is told of a PING that asks for an acknowledgement.
//
// An AckPush begins with a PING. If that comes when we have left already, as from anybody who does not ask, nothing can be
// answered any more: it will send again what follows, so none of that may be handled.
func (r *receipts) ping(context []byte) error {
	if !r.conn.acking.Swap(true) && r.conn.left.Load() {
		return ErrClosed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &receipt{of: r}
	}
	r.next.answer = appendCommand(nil, zmq4.CmdPong, context)
	return r.settle()
}

func (r *receipts) arrived(one *receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one.left--; one.left > 0 {
		return
	}
	if err := r.settle(); err != nil {
		r.conn.fail(err)
	}
}

// settle answers all that can be answered. r.mu is held, so that answers go in order.
func (r *receipts) settle() (err error) {
	if r.next != nil && r.next.answer != nil && len(r.asked) < mostAsked {
		r.asked, r.next = append(r.asked, r.next), nil
	}
	n := 0
	for ; n < len(r.asked) && r.asked[n].left == 0 && err == nil; n++ {
		err = r.conn.out.putControl(r.asked[n].answer)
	}
	if n > 0 {
		r.asked = slices.Delete(r.asked, 0, n)
		if err == nil {
			return r.settle()
		}
	}
	if r.none != nil && r.unanswered() == 0 {
		close(r.none)
		r.none = nil
	}
	return err
}

func (r *receipts) unanswered() int {
	if r.next != nil && (r.next.answer != nil || r.next.left > 0) {
		return len(r.asked) + 1
	}
	return len(r.asked)
}

// answerAll waits until a peer that has hung up was answered for all that it sent.
func (r *receipts) answerAll() {
	c, none := r.conn, make(chan struct{})
	c.answering.Store(true)
	r.mu.Lock()
	r.none = none
	_ = r.settle() // what fails is the connection
	r.mu.Unlock()
	select {
	case <-none:
	case <-c.done:
		return
	}
	c.out.close()
	select {
	case <-c.written:
	case <-c.done:
	}
}

// newcomer is how long a peer that wants answers has to say so, when all are told to leave.
const newcomer = 100 * time.Millisecond

// awaitFirstPings waits until it is clear which of the newest connections want answers.
func awaitFirstPings(current func() []*conn) {
	const look = time.Millisecond
	unclear := func(c *conn) bool { return !c.acking.Load() && time.Since(c.since) < newcomer }
	for slices.ContainsFunc(current(), unclear) {
		time.Sleep(look)
	}
}
