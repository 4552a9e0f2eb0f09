package nodes

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"zctl/nodes/logger"
	"zctl/nodes/logstream"
	"zctl/nodes/logwire"
	"zctl/nodes/zmq"
)

const (
	// closeTimeout is how long a logger that ends waits for a full disk.
	closeTimeout = 5 * time.Second
	// pullLinger is how long it goes on taking what its senders had begun to send,
	// unless an option says otherwise: whatever they cannot finish they send again.
	pullLinger = 2 * time.Second
)

// LogWriter takes the log batches that a logger receives. It is called from
// several goroutines.
type LogWriter interface {
	// Write takes a batch, in Zeek's serialization, from the node with that id; see
	// [logwire.Parse]. It may keep it. While it does not return, no more batches are
	// taken, and senders wait. When it has returned, nodes in Go forget the batch.
	Write(sender string, batch []byte) error
	// Close is called when no more batches come. It should be done when ctx ends.
	Close(ctx context.Context) error
}

// receiver is a LogWriter that says later what became of a batch, and when it does not
// use its bytes any more.
type receiver interface {
	// Receive fails only when the end of the writer has begun.
	Receive(sender string, batch []byte, r logger.Receipt) error
}

// logs is the way that log records take: to files on a logger, to the loggers
// elsewhere. A logger's own go to its files, too.
type logs struct {
	node, id string
	log      *slog.Logger // not to reporter.log: what is lost on the way there would lead to more

	sender *logstream.Sender
	lines  *logstream.Stream[clusterLine]
	pull   *zmq.Pull // of a logger
	writer LogWriter
	pushes *zmq.AckPush // of everybody else

	mu            sync.Mutex // guards what follows
	count, warned losses
	cause         error // of the first batch lost since the last warning
	spilling      bool  // and that was said

	patience time.Duration // instead of closeTimeout, in tests
}

// losses is what did not become log records.
type losses struct {
	malformed uint64 // messages that are no batch
	batches   uint64
	own       logstream.Counts // of this node
	refused   uint64           // own records that would have had to wait
}

// write makes this the logs of a logger that listens at endpoint.
func (l *logs) write(w LogWriter, endpoint string, o zmq.Options) (err error) {
	if err := l.keep(w); err != nil {
		return err
	}
	o.Linger = cmp.Or(o.Linger, pullLinger)
	l.pull, err = zmq.BindPullLater(endpoint, o, l.pulled)
	return err
}

// keep makes this the logs of a node that writes its own and nobody else's.
func (l *logs) keep(w LogWriter) error {
	l.writer = w
	return l.sender.Start(ownFiles{w, l.id})
}

// push makes this the logs of a node that sends its records to loggers.
func (l *logs) push(endpoints []string, o zmq.Options) (err error) {
	o.Log = l.log
	if l.pushes, err = zmq.ConnectAckPush(endpoints, o, l.sender.Ready); err != nil {
		return err
	}
	return l.sender.Start(loggers{l.pushes, l.id})
}

// setLoggers replaces the loggers that records are sent to.
func (l *logs) setLoggers(endpoints []string) error {
	if l.pushes == nil {
		return nil
	}
	defer l.sender.Ready()
	return l.pushes.SetEndpoints(endpoints)
}

// pulled takes a log batch from another node.
func (l *logs) pulled(d zmq.Delivery) {
	if len(d.Message) != 4 || string(d.Message[2]) != logwire.Format {
		l.mu.Lock()
		l.count.malformed++
		l.mu.Unlock()
		d.Arrived()
		d.Done()
		return
	}
	err := l.receive(string(d.Message[1]), d)
	l.mu.Lock()
	l.lose(err)
	l.mu.Unlock()
}

// receive hands a batch to the writer. One that the writer cannot use has arrived, too:
// it would be refused again. One that comes too late for it has not.
func (l *logs) receive(sender string, d zmq.Delivery) error {
	batch := d.Message[3]
	if w, ok := l.writer.(receiver); ok {
		err := w.Receive(sender, batch, d)
		if err != nil {
			d.Done()
		}
		return err
	}
	err := l.writer.Write(sender, batch)
	d.Arrived()
	d.Done()
	return err
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

// refuse counts a record of this node's that was not taken.
func (l *logs) refuse(err error) {
	if err == nil || errors.Is(err, logstream.ErrClosed) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count.refused++
}

// warn says what has been lost since it was last called.
func (l *logs) warn() {
	own := l.sender.Stats()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count.own = own.Dropped
	if n := l.count.malformed - l.warned.malformed; n > 0 {
		l.log.Warn("messages ignored that are no log batches", "count", n)
	}
	if n := l.count.batches - l.warned.batches; n > 0 {
		l.log.Warn("log batches lost", "count", n, "first", l.cause)
	}
	if n := l.count.own.Records - l.warned.own.Records + l.count.refused - l.warned.refused; n > 0 {
		l.log.Warn("log records lost", "count", n, "last", own.Cause)
	}
	l.warned, l.cause = l.count, nil
	if spilling := own.OnDisk.Batches > 0; spilling != l.spilling {
		l.spilling = spilling
		l.log.Info(map[bool]string{true: "keeping log batches in files until loggers take them", false: "all log batches kept in files have been sent"}[spilling])
	}
}

// close sends what waits and closes what is open. A logger whose files cannot be
// written gives up after a while, which frees whoever waits for them.
func (l *logs) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(l.patience, closeTimeout))
	defer cancel()
	sent := make(chan error, 1)
	go func() { sent <- l.closeSockets() }()
	if l.writer == nil {
		err := <-sent
		l.warn()
		return err
	}
	var errs []error
	select {
	case err := <-sent:
		errs = append(errs, err, l.writer.Close(ctx))
	case <-ctx.Done():
		if l.pull != nil {
			l.pull.Abandon() // its senders keep what the writer does not take
		}
		errs = append(errs, l.writer.Close(ctx), <-sent)
	}
	l.warn()
	return errors.Join(errs...)
}

func (l *logs) closeSockets() error {
	err := l.sender.Close()
	if l.pull != nil {
		err = errors.Join(err, l.pull.Close())
	}
	return err
}
