package nodes

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"zctl/layoutgen"
	"zctl/nodes/archive"
	"zctl/nodes/logger"
	"zctl/nodes/zmq"
)

// files is the [LogWriter] of a logger that writes files. It opens them only when it
// is told to, which is when the node has its port: a second process of the same node
// takes no file away from the first.
type files struct {
	ready   chan struct{} // closed when nobody has to wait any more
	once    sync.Once
	logger  *logger.Logger // nil if it could not be opened
	archive *archiving     // nil if there is none
}

func newFiles() *files { return &files{ready: make(chan struct{})} }

// open opens the files. It is called once.
func (f *files) open(o logger.Options, a *Archive) (err error) {
	defer f.isReady()
	if a != nil && o.Rotation != nil {
		f.archive = startArchiving(*a, o.Log)
		rotation := *o.Rotation
		rotation.Archiver = f.archive
		o.Rotation = &rotation
		f.archive.adopt(o.Dir, o.Rotation)
	}
	f.logger, err = logger.New(o)
	return err
}

// isReady lets those go on who wait to write; there is nothing to write to if open
// was not called before.
func (f *files) isReady() { f.once.Do(func() { close(f.ready) }) }

// Write waits until the files are open.
func (f *files) Write(sender string, batch []byte) error { return f.Receive(sender, batch, nil) }

// Receive is Write with a receipt.
func (f *files) Receive(sender string, batch []byte, r logger.Receipt) error {
	<-f.ready
	if f.logger == nil {
		return logger.ErrClosed
	}
	return f.logger.Receive(sender, batch, r)
}

// Close closes the files, and has archived what can be.
func (f *files) Close(ctx context.Context) error {
	var errs []error
	if f.logger != nil {
		errs = append(errs, f.logger.Close(ctx))
	}
	if f.archive != nil {
		errs = append(errs, f.archive.close())
	}
	return errors.Join(errs...)
}

// rotate closes all logs that have records and has them archived.
func (f *files) rotate() (int, error) {
	select {
	case <-f.ready:
	default:
		return 0, errors.New("cannot rotate logs: they are not open yet; try again")
	}
	if f.archive == nil {
		return 0, errors.New("cannot rotate logs: there is no archive for them; say --log-archive DIR when you start the logger")
	}
	return f.logger.Rotate()
}

// trouble is what keeps logs from being written or archived, "" if nothing does.
func (f *files) trouble() string {
	select {
	case <-f.ready:
	default:
		return ""
	}
	if f.logger == nil {
		return ""
	}
	if t := f.logger.Stats().Trouble; t != "" {
		return t
	}
	if f.archive == nil {
		return ""
	}
	s := f.archive.Stats()
	if s.Trouble == "" {
		return ""
	}
	return fmt.Sprintf("%d logs wait to be archived: %s", s.Queued, s.Trouble)
}

// openFiles makes this node write the logs of all others to files, or to where its
// program wants them.
func (n *Node) openFiles() error {
	endpoint := layoutgen.Endpoint(n.self.Address, n.self.Port)
	if n.o.LogWriter != nil {
		return n.logs.write(n.o.LogWriter, endpoint, n.sockets.pull)
	}
	n.files = newFiles()
	defer n.files.isReady()
	o := n.loggerOptions()
	if err := n.logs.write(n.files, endpoint, bounded(n.sockets.pull, o.Memory)); err != nil {
		return err
	}
	return n.files.open(o, n.o.Archive)
}

// loggerOptions is where and how a logger writes.
func (n *Node) loggerOptions() logger.Options {
	o := n.o.Logger
	o.Dir, o.Log = n.o.Dir, n.o.Log
	if o.Dir == "" {
		o.Dir = "."
	}
	if o.Rotation != nil && o.Rotation.Suffix == "" {
		rotation := *o.Rotation
		rotation.Suffix = n.logSuffix(n.layout)
		o.Rotation = &rotation
	}
	return o
}

// logSuffix is what tells this logger's archived logs from those of others, "" if there
// are none.
func (n *Node) logSuffix(layout *layoutgen.Layout) string {
	if len(layout.LogEndpoints()) < 2 {
		return ""
	}
	return archive.Suffix(n.o.Name)
}

// loggersChanged names the logs that are archived from now on after the loggers that
// there are now. So a logger need not be restarted when another one is added.
func (n *Node) loggersChanged(layout *layoutgen.Layout) {
	if n.files == nil || n.o.Logger.Rotation == nil || n.o.Logger.Rotation.Suffix != "" {
		return
	}
	select {
	case <-n.files.ready:
	default:
		return // which reads the layout that it was started with
	}
	if n.files.logger != nil {
		n.files.logger.SetSuffix(n.logSuffix(layout))
	}
}

// How much waits in the socket of a logger, in batches of some hundred KB.
const (
	pullHWM         = 16
	minPullMessages = 16 << 20
)

// bounded completes the options of a logger's socket: what is under way or waits there
// and the batches that the logger holds have three quarters of the memory together, and
// the longest message half of it.
func bounded(pull zmq.Options, memory int) zmq.Options {
	if pull.RcvHWM == 0 {
		pull.RcvHWM = pullHWM
	}
	if memory <= 0 {
		return pull
	}
	if pull.MaxMessage == 0 {
		pull.MaxMessage = min(max(memory/2, minPullMessages), math.MaxInt32)
	}
	if pull.RcvMemory == 0 {
		pull.RcvMemory = memory / 4 * 3
	}
	return pull
}

// trouble is what keeps a logger from doing its work, "" if nothing does.
func (n *Node) trouble() string {
	if n.files == nil {
		return ""
	}
	return n.files.trouble()
}
