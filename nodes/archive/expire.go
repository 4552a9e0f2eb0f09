package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Rules say which archived logs are kept.
type Rules struct {
	MaxAge   time.Duration // a log is deleted that long after it was closed; 0 is never
	MaxBytes int64         // of all logs together, then the oldest go; 0 is any number
	Keep     []string      // streams that are never deleted, as patterns of path.Match; their bytes count
}

// Check says what is wrong with the rules.
func (r Rules) Check() error {
	if r.MaxAge < 0 || r.MaxBytes < 0 {
		return fmt.Errorf("cannot expire logs after %v or %d bytes: use 0 for never, or more", r.MaxAge, r.MaxBytes)
	}
	return checkPatterns(r.Keep)
}

// Report is what Expire did.
type Report struct {
	Deleted []Log // the oldest first
	Freed   int64 // their bytes
	Left    int   // logs that are still there
	Bytes   int64 // theirs
	Over    bool  // they are more than MaxBytes still, because of logs to keep or that cannot be deleted
}

// Expire deletes the logs that are too old at now, and the oldest of what is
// too much. It deletes nothing that is not an archive by its name and place, and
// the directory of a day when it is empty. The error tells of logs that could
// not be deleted; the others are.
func (s Store) Expire(now time.Time, rules Rules) (Report, error) {
	if err := rules.Check(); err != nil {
		return Report{}, err
	}
	logs, err := s.List(Filter{})
	if err != nil {
		return Report{}, err
	}
	r := Report{Left: len(logs)}
	for _, log := range logs {
		r.Bytes += log.Size
	}
	var failed []error
	for _, log := range logs {
		if !rules.expired(now, log, r.Bytes) {
			continue
		}
		if err := deleteLog(log); err != nil {
			failed = append(failed, fmt.Errorf("cannot delete archived log: %w%s", err, advice(err)))
			continue
		}
		r.count(log)
	}
	r.Over = rules.MaxBytes > 0 && r.Bytes > rules.MaxBytes
	return r, errors.Join(failed...)
}

// expired says whether a log is to go while all have that many bytes.
func (r Rules) expired(now time.Time, log Log, bytes int64) bool {
	tooOld := r.MaxAge > 0 && now.Sub(log.Close) > r.MaxAge
	tooMuch := r.MaxBytes > 0 && bytes > r.MaxBytes
	return (tooOld || tooMuch) && !matchAny(r.Keep, log.Stream)
}

func (r *Report) count(log Log) {
	r.Deleted = append(r.Deleted, log)
	r.Freed += log.Size
	r.Left--
	r.Bytes -= log.Size
}

func deleteLog(log Log) error {
	if err := os.Remove(log.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_ = os.Remove(filepath.Dir(log.Path)) // refused unless it is empty
	return nil
}
