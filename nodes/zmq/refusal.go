package zmq

import (
	"errors"
	"os"

	"github.com/go-zeromq/zmq4"

	"zctl/nodes/zmq/curve"
)

// refusal says so if a handshake failed because the two sides want different security, or have different keys. It is nil
// if that is not why. A server of libzmq that speaks another mechanism hangs up in the middle of its greeting, or before
// it: who sees that can only guess.
func refusal(g *guard, sec zmq4.Security, err error) error {
	for _, key := range []error{curve.ErrClientKey, curve.ErrServerKey, curve.ErrRefused} {
		if errors.Is(err, key) {
			return misbehaved("%v; give all nodes the same keys", key)
		}
	}
	ours, theirs := string(sec.Type()), g.offers()
	switch {
	case len(g.heard) == 0:
		return nil
	case len(g.heard) < mechanismAt && g.failed != nil && !errors.Is(g.failed, os.ErrDeadlineExceeded):
		return misbehaved("hung up on our greeting; perhaps it does not speak %s: give all nodes the same keys, or none", ours)
	case theirs == "", theirs == ours:
		return nil
	case sec.Type() == zmq4.CurveSecurity:
		return misbehaved("does not know CURVE, it speaks %.20q; give it the keys of the cluster", theirs)
	}
	return misbehaved("it demands %.20q; give this node the keys of the cluster", theirs)
}
