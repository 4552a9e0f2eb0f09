package nodes

import (
	"errors"

	"zctl/nodes/logstream"
	"zctl/nodes/logwire"
	"zctl/nodes/zmq"
)

// loggers is the way to the cluster's loggers (spec: wire 1.5).
type loggers struct {
	*zmq.AckPush
	id string // of the node
}

func (l loggers) Send(payload []byte, done func(error)) error {
	err := l.AckPush.Send(zmq.Message{[]byte(logwire.Topic), []byte(l.id), []byte(logwire.Format), payload}, done)
	if errors.Is(err, zmq.ErrAgain) {
		return logstream.ErrAgain
	}
	return err
}

// ownFiles is the way of a logger's own records: to where those of all others go.
type ownFiles struct {
	writer LogWriter
	id     string
}

// Send may wait for files, as those wait who send by the bus; so does nobody but the
// sender of this node's records.
func (f ownFiles) Send(payload []byte, done func(error)) error {
	if err := f.writer.Write(f.id, payload); err != nil {
		return err
	}
	done(nil)
	return nil
}

func (ownFiles) Connected() (int, int) { return 1, 1 }
func (ownFiles) Close() error          { return nil }

// nowhere is where a client's records go.
type nowhere struct{}

func (nowhere) Send([]byte, func(error)) error { return errors.New("there are no loggers") }
func (nowhere) Connected() (int, int)          { return 0, 0 }
func (nowhere) Close() error                   { return nil }
