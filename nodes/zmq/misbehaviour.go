package zmq

import "fmt"

// misbehaviour is an error that is the peer's doing: it broke ZMTP, or one of our limits. Such a peer is disconnected
// and logged as a warning, and an endpoint that behaves so is tried again only slowly.
type misbehaviour struct{ what string }

func (m *misbehaviour) Error() string { return m.what }

func misbehaved(format string, args ...any) error {
	return &misbehaviour{fmt.Sprintf(format, args...)}
}
