package api

import (
	"encoding/json"
	"net/http"
	"time"

	"zctl/supervisor"
)

// lines writes a long answer. Events come from whoever causes them, who must
// not wait for a client: they are queued, and dropped when the queue is full.
type lines struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration // for each line
	queue   chan line
	done    chan struct{}
}

const queuedLines = 1024

func newLines(w http.ResponseWriter, timeout time.Duration) *lines {
	w.Header().Set("Content-Type", "application/x-ndjson")
	l := &lines{
		w: w, control: http.NewResponseController(w), timeout: timeout,
		queue: make(chan line, queuedLines), done: make(chan struct{}),
	}
	go l.run()
	return l
}

func (l *lines) run() {
	defer close(l.done)
	encoder := json.NewEncoder(l.w)
	broken := false
	for next := range l.queue {
		if broken { // the client has gone
			continue
		}
		l.control.SetWriteDeadline(time.Now().Add(l.timeout))
		broken = encoder.Encode(next) != nil || l.control.Flush() != nil
	}
}

func (l *lines) event(e supervisor.Event) {
	select {
	case l.queue <- line{Event: &e}:
	default:
	}
}

// end queues the last line. No event comes after it.
func (l *lines) end(last line) { l.queue <- last }

// close waits until everything queued is written.
func (l *lines) close() {
	close(l.queue)
	<-l.done
}
