package logger

import (
	"sync"
	"time"
)

// awaited is the files with text that somebody waits for to be written.
type awaited struct {
	mu    sync.Mutex // guards what follows
	files []*file
	since time.Time // the first came
}

// mostAwaited is how long such a text waits for more while batches come one after the
// other. When none comes, it does not wait at all.
const mostAwaited = 10 * time.Millisecond

func (a *awaited) add(f *file) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.files) == 0 {
		a.since = time.Now()
	}
	a.files = append(a.files, f)
}

// due takes the files that are to be written now.
func (a *awaited) due(idle bool) []*file {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.files) == 0 || !idle && time.Since(a.since) < mostAwaited {
		return nil
	}
	files := a.files
	a.files = nil
	return files
}

// writeAwaited writes what somebody waits for, if there is nothing else to do or it has
// waited for long. Each batch is followed by that, so nothing is left waiting.
func (l *Logger) writeAwaited() {
	for _, f := range l.awaited.due(len(l.queue) == 0) {
		f.flushAwaited()
	}
}
