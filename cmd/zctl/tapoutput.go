package main

import (
	"bufio"
	"context"
	"io"
	"sync"
	"sync/atomic"

	"zctl/nodes/tap"
)

// tapOutput prints messages, and lines of logs between them. It writes when
// there is nothing more to print, or its buffer is full.
type tapOutput struct {
	json           bool
	limit          uint64 // of messages, 0 for none
	shown, strange atomic.Uint64

	mu   sync.Mutex // guards what follows
	w    *bufio.Writer
	line []byte
}

func newTapOutput(w io.Writer, json bool, limit uint64) *tapOutput {
	return &tapOutput{json: json, limit: limit, w: bufio.NewWriterSize(w, 64<<10)}
}

// copyFrom prints messages until the tap is closed, or as many as there should
// be.
func (o *tapOutput) copyFrom(t *tap.Tap) error {
	for {
		messages := t.Take(context.Background())
		if len(messages) == 0 {
			return nil
		}
		for i, m := range messages {
			last := i == len(messages)-1 && t.Idle()
			if err := o.message(m, last); err != nil {
				return err
			}
			if o.limit > 0 && o.shown.Load() >= o.limit {
				return o.flush()
			}
		}
	}
}

func (o *tapOutput) message(m tap.Message, flush bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := m.Decode()
	if o.json {
		o.line = d.AppendJSON(o.line[:0])
	} else {
		o.line = d.AppendText(o.line[:0])
	}
	if d.Err != nil {
		o.strange.Add(1)
	}
	_, err := o.w.Write(o.line)
	o.shown.Add(1)
	if err == nil && flush {
		err = o.w.Flush()
	}
	return err
}

// log prints a line of a log.
func (o *tapOutput) log(l tap.LogLine) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.json {
		o.line = l.AppendJSON(o.line[:0])
	} else {
		o.line = l.AppendText(o.line[:0])
	}
	_, err := o.w.Write(o.line)
	return err
}

func (o *tapOutput) flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Flush()
}
