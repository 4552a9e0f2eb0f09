package nodes

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"zctl/nodes/logwire"
	"zctl/nodes/zmq"
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

// closeTimeout is how long a logger that ends waits for a full disk.
const closeTimeout = 5 * time.Second

// LogWriter takes the log batches that a logger receives. It is called from
// several goroutines.
type LogWriter interface {
	// Write takes a batch, in Zeek's serialization, from the node with that id; see
	// [logwire.Parse]. It may keep it. While it does not return, no more batches are
	// taken, and senders wait.
	Write(sender string, batch []byte) error
	// Close is called when no more batches come. It should be done when ctx ends.
	Close(ctx context.Context) error
}

// logs is the way that log records take: to files on a logger, to the loggers
// elsewhere. Lines of cluster.log are collected and sent in batches: every second,
// or when there are many.
type logs struct {
	node, id string
	log      *slog.Logger

	pull   *zmq.Pull // of a logger
	writer LogWriter
	pushes *zmq.Push // of everybody else

	mu            sync.Mutex // guards what follows
	batch         *logwire.Batch
	count, warned losses
	cause         error // of the first batch lost since the last warning
}

// losses is what did not become log records.
type losses struct {
	malformed uint64 // messages that are no batch
	batches   uint64
}

// write makes this the logs of a logger that listens at endpoint.
func (l *logs) write(w LogWriter, endpoint string, o zmq.Options) (err error) {
	l.writer = w
	l.pull, err = zmq.BindPull(endpoint, o, l.pulled)
	return err
}

// push makes this the logs of a node that sends its records to loggers.
func (l *logs) push(loggers []string, o zmq.Options) (err error) {
	l.pushes, err = zmq.ConnectPush(loggers, o)
	return err
}

// setLoggers replaces the loggers that records are sent to.
func (l *logs) setLoggers(endpoints []string) error {
	if l.pushes == nil {
		return nil
	}
	return l.pushes.SetEndpoints(endpoints)
}

// line writes a line to cluster.log.
func (l *logs) line(at time.Time, message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.batch == nil {
		l.batch = logwire.NewBatch(clusterStream)
	}
	l.batch.AppendTime(float64(at.UnixMicro()) / 1e6)
	l.batch.AppendString(l.node)
	l.batch.AppendString(message)
	l.batch.EndRecord()
	if l.batch.Records >= maxBatch {
		l.send()
	}
}

// flush sends what waits.
func (l *logs) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.send()
}

// send sends the batch. l.mu is held.
func (l *logs) send() {
	if l.batch == nil {
		return
	}
	payload := l.batch.Payload()
	l.batch = nil
	var err error
	switch {
	case l.writer != nil:
		err = l.writer.Write(l.id, payload)
	case l.pushes != nil:
		err = l.pushes.Send(zmq.Message{[]byte(logwire.Topic), []byte(l.id), []byte(logwire.Format), payload})
	}
	l.lose(err)
}

// pulled takes a log batch from another node.
func (l *logs) pulled(frames zmq.Message) {
	if len(frames) != 4 || string(frames[2]) != logwire.Format {
		l.mu.Lock()
		l.count.malformed++
		l.mu.Unlock()
		return
	}
	err := l.writer.Write(string(frames[1]), frames[3])
	l.mu.Lock()
	l.lose(err)
	l.mu.Unlock()
}

// lose counts a batch that was lost for that reason, if any. l.mu is held.
func (l *logs) lose(err error) {
	if err == nil {
		return
	}
	l.count.batches++
	if l.cause == nil {
		l.cause = err
	}
}

// warn says what has been lost since it was last called.
func (l *logs) warn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.count.malformed - l.warned.malformed; n > 0 {
		l.log.Warn("messages ignored that are no log batches", "count", n)
	}
	if n := l.count.batches - l.warned.batches; n > 0 {
		l.log.Warn("log batches lost", "count", n, "first", l.cause)
	}
	l.warned, l.cause = l.count, nil
}

// close sends what waits and closes what is open.
func (l *logs) close() error {
	l.flush()
	var errs []error
	if l.pushes != nil {
		errs = append(errs, l.pushes.Close())
	}
	if l.pull != nil {
		errs = append(errs, l.pull.Close())
	}
	if l.writer != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		errs = append(errs, l.writer.Close(ctx))
	}
	l.warn()
	return errors.Join(errs...)
}
