// Package logger writes log batches to files as Zeek's ASCII writer does (spec:
// cluster-framework 3.6, 3.7): one file for each log path in one directory, in TSV
// with Zeek's header, in JSON, or in both.
//
// Batches flow in from PULL sockets and from the node itself, through [Logger.Write],
// which blocks while too much memory is held. From there they go to as many workers
// as there are CPUs, which turn them into text (package logtext); the text of each
// sender's stream is appended to its files in the order in which its batches came.
// Files are written in large pieces, at least every second, and rotated: closed,
// renamed, and handed to the archive (package archive).
//
// What a batch contains is said by the batch, so a new or changed stream needs no
// configuration. A batch that cannot be understood is dropped whole, counted, and
// reported once for each sender.
//
// A disk that is full stops everything, and loses nothing: what a write left of a
// line is taken back, the logger tries again every second, takes no more batches
// when its memory is used up, and goes on when there is room.
package logger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options says where and how logs are written. The zero value of each field is its
// default.
type Options struct {
	// Dir is where the live files lie; "" is the working directory.
	Dir string
	// Text is the format of the files.
	Text Text
	// Memory bounds the bytes of batches that are held: 32 MiB. The process needs
	// about four times as much at most.
	Memory int
	// Workers is how many batches are turned into text at once: as many as there are
	// CPUs for the process, and 2 MiB of Memory for each.
	Workers int
	// FlushInterval is how long what was written may wait for more: 1 s. What somebody
	// waits for, as the nodes in Go do, waits 10 ms, and not at all when no batches come.
	FlushInterval time.Duration
	// Rotation says when files are closed and archived. Without it they only grow.
	Rotation *Rotation
	// Log is told what an operator should know; nil discards it.
	Log *slog.Logger

	// Now says what time it is, when files are opened, rotated and closed; nil is
	// time.Now.
	Now func() time.Time
}

// textMemory is about what a worker needs for its text.
const textMemory = 2 << 20

// chunk is how much text makes a write that does not wait for more.
const chunk = 256 << 10

func (o Options) withDefaults() Options {
	o.Memory = cmp.Or(o.Memory, 32<<20)
	o.Workers = cmp.Or(o.Workers, min(runtime.GOMAXPROCS(0), max(2, o.Memory/textMemory)))
	o.FlushInterval = cmp.Or(o.FlushInterval, time.Second)
	o.Dir = cmp.Or(o.Dir, ".")
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Logger writes the logs of a cluster into one directory. Its methods may be called
// by several goroutines.
type Logger struct {
	o       Options
	memory  *budget
	queue   chan *batch
	orders  orders
	awaited awaited
	waiting waiting
	suffix  atomic.Pointer[string] // of archived logs
	long    sync.Mutex             // held by the one that formats a batch with much text
	stats   counters
	disk    trouble
	bad     senders
	ending  chan struct{} // closed by Close: nothing is waited for any more
	all     sync.WaitGroup

	gate   sync.RWMutex // held for reading by those who enqueue, guards closed
	closed bool

	mu      sync.RWMutex       // guards what follows; nothing is waited for under it
	schemas map[string]*schema // by the bytes of a batch's header
	keys    int                // bytes of those
	files   map[string]*file   // by name
	headers int                // bytes of the longest header of each
}

// batch is a batch on its way to a file.
type batch struct {
	sender  string
	payload []byte
	receipt Receipt         // nil: nobody wants to know
	turn    <-chan struct{} // closed when the batch before it has been appended
	done    chan struct{}   // closed when this one has
}

// New makes a logger. Logs that an earlier one left in the directory are gone on with;
// who has an archive has it adopt them first ([archive.Adopt]).
func New(o Options) (*Logger, error) {
	o = o.withDefaults()
	if err := o.Text.check(); err != nil {
		return nil, err
	}
	l := &Logger{
		o: o, memory: newBudget(o.Memory), queue: make(chan *batch, 1<<16),
		ending: make(chan struct{}), schemas: map[string]*schema{}, files: map[string]*file{},
	}
	l.disk.log = o.Log
	l.suffix.Store(new(string))
	if o.Rotation != nil {
		l.SetSuffix(o.Rotation.Suffix)
	}
	l.waiting.most = int64(o.Memory / 4)
	for range o.Workers {
		l.all.Go(l.work)
	}
	l.all.Go(l.tick)
	return l, nil
}

// ErrClosed is the error of writing to a logger that was closed.
var ErrClosed = errors.New("the logger is closed")

// Write takes a batch from the sender of that id. It keeps the payload, which must not
// change. It blocks while the memory for batches is used up; what is wrong with a batch
// is counted and reported later.
func (l *Logger) Write(sender string, payload []byte) error {
	return l.Receive(sender, payload, nil)
}

// Receive is Write for those who want to know what becomes of the batch. If it fails
// the receipt is told nothing.
func (l *Logger) Receive(sender string, payload []byte, r Receipt) error {
	b := &batch{sender: clip(sender), payload: payload, receipt: r, done: make(chan struct{})}
	l.memory.take(b.size())
	l.gate.RLock()
	defer l.gate.RUnlock()
	if l.closed {
		l.memory.give(b.size())
		return ErrClosed
	}
	l.stats.received.Add(1)
	l.orders.enqueue(b, l.queue)
	return nil
}

// size is what a batch counts for, which is not only its bytes.
func (b *batch) size() int {
	const itself = 512
	return len(b.payload) + itself
}

// clip bounds the name of a sender, which comes from the wire.
func clip(sender string) string {
	const most = 256
	return strings.Clone(sender[:min(len(sender), most)])
}

// Close writes what has been taken, ends all files, and with a Rotation hands them to
// the archive. When ctx ends it gives up what a full disk does not take, and says how
// much that was.
func (l *Logger) Close(ctx context.Context) error {
	l.gate.Lock()
	if l.closed {
		l.gate.Unlock()
		return nil
	}
	stop := context.AfterFunc(ctx, func() { close(l.ending) })
	l.closed = true
	close(l.queue)
	l.gate.Unlock()
	l.memory.drained()
	if stop() {
		close(l.ending)
	}
	l.all.Wait()
	l.bad.report(l.o.Log)
	var errs []error
	for _, f := range l.open() {
		errs = append(errs, f.end())
	}
	if n := l.stats.lost.Load(); n > 0 {
		errs = append(errs, fmt.Errorf("%d bytes of log lines could not be written", n))
	}
	return errors.Join(errs...)
}

// open is the files that are open.
func (l *Logger) open() []*file {
	l.mu.RLock()
	defer l.mu.RUnlock()
	files := make([]*file, 0, len(l.files))
	for _, f := range l.files {
		files = append(files, f)
	}
	return files
}

// maxFiles bounds the files a logger has open; Zeek has about 80 logs.
const maxFiles = 4096

// file is the file of that name, which may not be open yet, and which is to have such a
// header.
func (l *Logger) file(name string, header int) (*file, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.files[name]
	if f == nil && len(l.files) >= maxFiles {
		return nil, fmt.Errorf("cannot write %s: there are %d logs already", name, maxFiles)
	}
	if f == nil {
		f = &file{l: l, path: filepath.Join(l.o.Dir, name)}
	}
	more := max(0, header-f.header)
	if l.headers+more > l.headerMemory() {
		return nil, fmt.Errorf("cannot write %s: the headers of %d logs have %d bytes already; there are too many fields, or raise the logger's memory", name, len(l.files), l.headers)
	}
	l.files[name] = f
	f.header += more
	l.headers += more
	return f, nil
}

// headerMemory bounds the bytes of headers that are kept; what is made of them needs
// some times as many.
func (l *Logger) headerMemory() int { return max(l.o.Memory/16, 256<<10) }

// tick flushes and rotates the files when it is time to.
func (l *Logger) tick() {
	flush, look := time.NewTicker(l.o.FlushInterval), time.NewTicker(min(l.o.FlushInterval, time.Second))
	defer flush.Stop()
	defer look.Stop()
	next := l.o.Rotation.after(l.o.Now())
	for {
		select {
		case <-l.ending:
			return
		case <-flush.C:
			l.bad.report(l.o.Log)
			for _, f := range l.open() {
				f.flushSoon()
			}
		case <-look.C:
			if now := l.o.Now(); !next.IsZero() && !now.Before(next) {
				next = l.o.Rotation.after(now)
				if _, err := l.Rotate(); err != nil {
					l.o.Log.Error(err.Error())
				}
			}
		}
	}
}

// SetSuffix replaces the Suffix of the Rotation: loggers were added, or removed. Logs
// that are closed from now on have it in their names.
func (l *Logger) SetSuffix(suffix string) { l.suffix.Store(&suffix) }

// Rotate closes all files that have records and hands them to the archive, and says
// how many those were. Records go on into new ones.
func (l *Logger) Rotate() (int, error) {
	if l.o.Rotation == nil {
		return 0, errors.New("cannot rotate logs: this logger has no archive")
	}
	n := 0
	var errs []error
	for _, f := range l.open() {
		rotated, err := f.rotate()
		errs = append(errs, err)
		if rotated {
			n++
		}
	}
	return n, errors.Join(errs...)
}
