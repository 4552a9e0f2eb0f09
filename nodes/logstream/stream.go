package logstream

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"zctl/nodes/logwire"
)

// Zeek's names of the usual writer and filter.
const (
	defaultWriter = "Log::WRITER_ASCII"
	defaultFilter = "default"
)

// maxRecord bounds one record in bytes (Log::max_log_record_size).
const maxRecord = 64 << 20

// ID says which stream it is.
type ID struct {
	Stream string // "Conn::LOG"; a Zeek logger takes only streams that it has
	Path   string // "conn", the name of the log
	Writer string // "": "Log::WRITER_ASCII"
	Filter string // "": "default"
}

// Stream writes records of one Go type to one log.
type Stream[T any] struct {
	sender *Sender
	header logwire.Header
	record *record
	counts streamCounts

	mu      sync.Mutex // guards what follows
	scratch T          // the record that is being written
	value   reflect.Value
	batch   *logwire.Batch
	line    line // of scratch
	last    int  // bytes of the batch before
}

// New declares a stream of records that are structs with log tags; see the package's
// documentation. An error says which field cannot be logged, and why.
func New[T any](s *Sender, id ID) (*Stream[T], error) {
	if id.Stream == "" || id.Path == "" {
		return nil, fmt.Errorf("cannot declare log stream %q with path %q: it needs both, such as Conn::LOG and conn", id.Stream, id.Path)
	}
	r, err := compile(reflect.TypeFor[T]())
	if err != nil {
		return nil, fmt.Errorf("cannot declare log stream %s: %w", id.Stream, err)
	}
	if id.Writer == "" {
		id.Writer = defaultWriter
	}
	if id.Filter == "" {
		id.Filter = defaultFilter
	}
	w := &Stream[T]{sender: s, record: r, header: logwire.Header{
		Stream: id.Stream, Writer: id.Writer, Filter: id.Filter, Path: id.Path, Fields: r.fields,
	}}
	w.value = reflect.ValueOf(&w.scratch).Elem()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams = append(s.streams, w)
	return w, nil
}

// Write logs a record. It may be called by any goroutine. Nothing of the record is
// kept. It fails when the node has ended, and with Block when there was no room for
// too long; then the record was not taken. That it was taken does not say that it
// arrives: what is dropped later is counted in [Stats].
func (w *Stream[T]) Write(record T) error {
	if ok, err := w.write(&record); ok || err != nil {
		return err
	}
	ctx := context.Background()
	if wait := w.sender.o.BlockFor; wait > 0 {
		timed, cancel := context.WithTimeoutCause(ctx, wait, ErrTimeout)
		defer cancel()
		ctx = timed
	}
	return w.WriteContext(ctx, record)
}

// WriteContext is Write that waits until ctx ends, if it has to wait.
func (w *Stream[T]) WriteContext(ctx context.Context, record T) error {
	if ok, err := w.write(&record); ok || err != nil {
		return err
	}
	for {
		room := w.sender.waiter() // before the next try, so that nothing is missed
		if ok, err := w.write(&record); ok || err != nil {
			return err
		}
		select {
		case <-room:
		case <-w.sender.stop:
			return ErrClosed
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// TryWrite is Write that never waits: with Block it fails with [ErrTimeout] when
// there is no room.
func (w *Stream[T]) TryWrite(record T) error {
	ok, err := w.write(&record)
	if !ok && err == nil {
		err = ErrTimeout
	}
	return err
}

// write logs a record, unless that means to wait.
func (w *Stream[T]) write(record *T) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sender.closing.Load() {
		return false, ErrClosed
	}
	if w.full() {
		if err := w.submit(); err != nil || w.batch != nil {
			return false, err
		}
	}
	if w.batch == nil {
		w.batch = logwire.NewBatch(w.header)
		w.batch.Grow(w.last)
	}
	before := w.batch.Len()
	w.scratch = *record
	w.line = newLine(w.batch)
	w.record.put(&w.line, w.value)
	w.truncated(w.line.cut)
	if n := w.batch.Len() - before; n > maxRecord {
		w.batch.Truncate(before)
		w.counts.discarded.Add(1)
		return false, fmt.Errorf("cannot log to %s: the record has %d bytes, and %d is the limit", w.header.Stream, n, maxRecord)
	}
	w.batch.EndRecord()
	w.sender.written.Add(1)
	w.counts.written.Add(1)
	if w.full() {
		return true, w.submit()
	}
	return true, nil
}

func (w *Stream[T]) full() bool {
	return w.batch != nil && (w.batch.Records >= w.sender.o.Records || w.batch.Len() >= maxBatch)
}

// submit gives the batch to the sender; it stays if there is no room.
func (w *Stream[T]) submit() error {
	w.last = w.batch.Len()
	taken, err := w.sender.submit(w.batch.Records, w.batch.Payload())
	if taken || errors.Is(err, ErrClosed) {
		w.batch = nil
	}
	return err
}

// flush makes a batch of what was written.
func (w *Stream[T]) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.batch != nil && w.batch.Records > 0 {
		_ = w.submit() // it stays, or the node has ended
	}
}

// flushFull submits a full batch that there was no room for.
func (w *Stream[T]) flushFull() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full() {
		_ = w.submit() // as in flush
	}
}
