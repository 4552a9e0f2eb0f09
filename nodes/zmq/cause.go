package zmq

import (
	"errors"
	"net"
)

// causes remembers what was logged already, so that an endpoint that stays unreachable is reported once per cause
// instead of once per attempt.
type causes struct{ seen map[string]bool }

// maxCauses bounds the memory; beyond it some cause may be logged once more.
const maxCauses = 16

// first says whether this cause is new.
func (c *causes) first(err error) bool {
	cause := causeOf(err)
	if c.seen[cause] {
		return false
	}
	if c.seen == nil || len(c.seen) >= maxCauses {
		c.seen = make(map[string]bool)
	}
	c.seen[cause] = true
	return true
}

func (c *causes) forget() { c.seen = nil }

// causeOf returns the error's text without what differs from attempt to attempt: a net.OpError names our ephemeral port.
func causeOf(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}
