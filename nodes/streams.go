package nodes

import (
	"log/slog"
	"path/filepath"

	"zctl/nodes/logstream"
	"zctl/nodes/zmq"
)

// NewStream declares a log stream of the node: records of the struct type T, with the
// names of Zeek's fields in their tags, become the log of that path on the loggers.
//
//	type Alarm struct {
//		TS   time.Time  `log:"ts"`
//		Host netip.Addr `log:"host"`
//		Note *string    `log:"note"` // &optional
//	}
//	alarms, err := nodes.NewStream[Alarm](n, logstream.ID{Stream: "Alarm::LOG", Path: "alarm"})
//	…
//	err = alarms.Write(Alarm{TS: time.Now(), Host: host})
//
// Package logstream says which Go types there may be, and what may be lost when.
// Streams are best declared before Run; records may be written before it, too. A Go
// logger takes any stream, one of Zeek's those that its scripts have, with the same
// fields (spec: wire 3.6).
func NewStream[T any](n *Node, id logstream.ID) (*logstream.Stream[T], error) {
	return logstream.New[T](n.logs.sender, id)
}

// LogStats is what became of the records that this node wrote. What a logger received
// of others is not in it.
func (n *Node) LogStats() logstream.Stats { return n.logs.sender.Stats() }

// declare declares the streams that every node has, and has its warnings go there.
func (n *Node) declare() (err error) {
	l := &n.logs
	l.node, l.log = n.o.Name, n.o.Log
	l.sender = logstream.NewSender(senderOptions(n.o.Logs, n.sockets.push, n.o.Dir))
	if l.lines, err = logstream.New[clusterLine](l.sender, clusterLog); err != nil {
		return err
	}
	if n.stats, err = logstream.New[statsLine](l.sender, statsLog); err != nil {
		return err
	}
	reports, err := logstream.New[reporterLine](l.sender, reporterLog)
	if err != nil {
		return err
	}
	n.o.Log = slog.New(reporterHandler{Handler: n.o.Log.Handler(), logs: l, stream: reports})
	return nil
}

// senderOptions completes the program's options by those of the socket.
func senderOptions(o logstream.Options, socket zmq.Options, dir string) logstream.Options {
	if o.HWM == 0 {
		o.HWM = socket.SndHWM
	}
	if o.Linger == 0 {
		o.Linger = socket.Linger
	}
	o.Immediate = o.Immediate || socket.Immediate
	if o.Spill.Dir == "" {
		o.Spill.Dir = filepath.Join(dir, "log-spill")
	}
	return o
}
