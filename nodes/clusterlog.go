package nodes

import (
	"time"

	"zctl/nodes/logwire"
)

// clusterStream is Cluster::LOG, the stream that becomes cluster.log (spec:
// cluster-framework 1.12).
var clusterStream = logwire.Header{
	Stream: "Cluster::LOG", Writer: "Log::WRITER_ASCII", Filter: "default", Path: "cluster",
	Fields: []logwire.Field{
		{Name: "ts", Type: logwire.TypeTime},
		{Name: "node", Type: logwire.TypeString},
		{Name: "message", Type: logwire.TypeString},
	},
}

// maxBatch is how many records make a batch that is not waited with
// (Log::write_buffer_size).
const maxBatch = 1000

// clusterLog collects the lines that a node writes to cluster.log and sends
// them in batches: every second, or when there are many.
type clusterLog struct {
	node  string
	send  func(payload []byte)
	batch *logwire.Batch
}

func (l *clusterLog) write(at time.Time, message string) {
	if l.batch == nil {
		l.batch = logwire.NewBatch(clusterStream)
	}
	l.batch.AppendTime(float64(at.UnixMicro()) / 1e6)
	l.batch.AppendString(l.node)
	l.batch.AppendString(message)
	l.batch.EndRecord()
	if l.batch.Records >= maxBatch {
		l.flush()
	}
}

func (l *clusterLog) flush() {
	if l.batch != nil {
		l.send(l.batch.Payload())
		l.batch = nil
	}
}
