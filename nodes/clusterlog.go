package nodes

import (
	"time"

	"zctl/nodes/logstream"
)

// clusterLine is a record of Cluster::LOG, the stream that becomes cluster.log (spec:
// cluster-framework 1.12).
type clusterLine struct {
	TS      time.Time `log:"ts"`
	Node    string    `log:"node"`
	Message string    `log:"message"`
}

var clusterLog = logstream.ID{Stream: "Cluster::LOG", Path: "cluster"}

// line writes a line to cluster.log.
func (l *logs) line(at time.Time, message string) {
	l.refuse(l.lines.TryWrite(clusterLine{at, l.node, message}))
}
