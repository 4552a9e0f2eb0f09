package logger

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
)

// Stats is what a logger has counted since it was made.
type Stats struct {
	Batches   uint64 // that came
	Records   uint64 // that were written, or wait to be
	Malformed uint64 // batches that were dropped because they could not be understood
	LostBytes uint64 // of text that a full disk did not take before the end
	Memory    int    // bytes of batches that are held now
	Trouble   string // what keeps files from being written now, "" if nothing does
}

type counters struct{ received, records, malformed, lost atomic.Uint64 }

// Stats is what the logger has counted.
func (l *Logger) Stats() Stats {
	return Stats{
		Batches: l.stats.received.Load(), Records: l.stats.records.Load(), Malformed: l.stats.malformed.Load(),
		LostBytes: l.stats.lost.Load(), Memory: l.memory.used(), Trouble: l.disk.now(),
	}
}

// trouble is what keeps files from being written. It is said once, and once that it is
// over.
type trouble struct {
	log *slog.Logger

	mu    sync.Mutex // guards what follows
	files map[string]error
}

func (t *trouble) note(file string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.files[file]; known {
		return
	}
	if t.files == nil {
		t.files = map[string]error{}
	}
	t.files[file] = err
	what := "cannot write a log; its records are lost until that is mended"
	if passes(err) {
		what = "cannot write a log; trying again every second, and taking no more when memory is used up"
	}
	t.log.Error(what, "file", file, "err", err)
}

func (t *trouble) clear(file string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.files[file]; known {
		delete(t.files, file)
		t.log.Info("the log can be written again", "file", file)
	}
}

func (t *trouble) now() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, err := range t.files {
		return err.Error()
	}
	return ""
}

// senders is who sent what could not be understood. Each is reported once.
type senders struct {
	mu   sync.Mutex // guards what follows
	seen map[string]struct{}
	news []rejection
}

type rejection struct {
	sender string
	why    string
}

// maxSenders bounds the senders that are remembered.
const maxSenders = 10000

// maxReason bounds what is said about one, which may quote what he sent.
const maxReason = 500

func (s *senders) add(sender string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.seen[sender]; known || len(s.seen) >= maxSenders {
		return
	}
	if s.seen == nil {
		s.seen = map[string]struct{}{}
	}
	s.seen[sender] = struct{}{}
	why := err.Error()
	s.news = append(s.news, rejection{sender, strings.ToValidUTF8(why[:min(len(why), maxReason)], "")})
}

// report says who has sent his first bad batch since it was last called.
func (s *senders) report(log *slog.Logger) {
	s.mu.Lock()
	news := s.news
	s.news = nil
	s.mu.Unlock()
	for _, r := range news {
		log.Warn("dropped a log batch that cannot be understood; more of this sender are only counted", "sender", r.sender, "err", r.why)
	}
}
