package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// maxJournal is the size in bytes at which events.jsonl becomes
// events.jsonl.1, replacing the one before.
const maxJournal = 16 << 20

// journal appends events to events.jsonl, and hands them to whoever listens.
// A line is whole or not there.
type journal struct {
	dirs Dirs

	mu        sync.Mutex // guards what follows
	file      *os.File
	size      int64
	listeners map[*func(Event)]struct{}

	problem atomic.Value // string: why the last line could not be written
}

func openJournal(dirs Dirs) (*journal, error) {
	j := &journal{dirs: dirs, listeners: map[*func(Event)]struct{}{}}
	j.problem.Store("")
	if err := j.open(); err != nil {
		return nil, err
	}
	return j, nil
}

func (j *journal) open() error {
	file, err := os.OpenFile(j.dirs.Events(), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open journal: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return fmt.Errorf("cannot open journal: %w", err)
	}
	j.file, j.size = file, info.Size()
	return j.endLine()
}

// endLine ends a line that a power cut left half written.
func (j *journal) endLine() error {
	if j.size == 0 {
		return nil
	}
	last := make([]byte, 1)
	if _, err := j.file.ReadAt(last, j.size-1); err != nil || last[0] == '\n' {
		return err
	}
	n, err := j.file.Write([]byte{'\n'})
	j.size += int64(n)
	return err
}

// add writes events, and then tells the listeners.
func (j *journal) add(events ...Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var text []byte
	for _, e := range events {
		line, err := json.Marshal(e)
		if err != nil {
			continue // an Event can always be marshalled
		}
		text = append(append(text, line...), '\n')
	}
	j.write(text)
	for _, e := range events {
		for listener := range j.listeners {
			(*listener)(e)
		}
	}
}

func (j *journal) write(text []byte) {
	if j.size+int64(len(text)) > maxJournal {
		j.rotate()
	}
	n, err := j.file.Write(text)
	if err != nil {
		j.problem.Store(fmt.Sprintf("cannot write journal: %v", err))
		if n > 0 { // no room for the rest of the line
			j.file.Truncate(j.size)
		}
		return
	}
	j.size += int64(n)
	j.problem.Store("")
}

func (j *journal) rotate() {
	j.file.Close()
	err := os.Rename(j.dirs.Events(), j.dirs.Events()+".1")
	if err = errors.Join(err, j.open()); err != nil {
		j.problem.Store(fmt.Sprintf("cannot rotate journal: %v", err))
	}
}

// listen calls f with every event from now on until stop is called. f must not
// wait for anything.
func (j *journal) listen(f func(Event)) (stop func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.listeners[&f] = struct{}{}
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.listeners, &f)
	}
}

// trouble is why the journal lacks lines, "" if it does not. It waits for nothing.
func (j *journal) trouble() string { return j.problem.Load().(string) }

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file.Close()
}
