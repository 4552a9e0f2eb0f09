package logger

import (
	"path/filepath"
	"strings"
	"time"

	"zctl/nodes/archive"
)

// Rotation says when logs are closed, and who archives them.
type Rotation struct {
	// Interval between rotations, which happen when the time since local midnight is
	// a multiple of it, as with zeekctl's log_rotate_base_time "0:00"; 0 is none.
	Interval time.Duration
	// Size at which a file is rotated, in bytes; 0 is none.
	Size int64
	// Suffix tells the logs of this logger from those of others: see
	// [archive.Suffix]. "" if there is one logger.
	Suffix   string
	Archiver Archiver
}

// Archiver takes closed logs: an [archive.Archiver].
type Archiver interface {
	Submit(archive.Job) error
}

// Automatic says whether logs are rotated without anybody asking for it: by time, by
// size, and at the end of the logger. Without that only [Logger.Rotate] does it.
func (r *Rotation) Automatic() bool { return r != nil && (r.Interval > 0 || r.Size > 0) }

// after is the next rotation after now, the zero time if there is none.
func (r *Rotation) after(now time.Time) time.Time {
	if r == nil || r.Interval <= 0 {
		return time.Time{}
	}
	year, month, day := now.Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, now.Location())
	if r.Interval >= 24*time.Hour {
		midnight = midnight.AddDate(0, 0, 1)
		return midnight
	}
	next := midnight.Add((now.Sub(midnight)/r.Interval + 1) * r.Interval)
	if tomorrow := midnight.AddDate(0, 0, 1); next.After(tomorrow) {
		return tomorrow
	}
	return next
}

// archive gives a closed log another name and hands it on.
func (r *Rotation) archive(file, suffix string, opened, closed time.Time) error {
	base := filepath.Base(file)
	ext := filepath.Ext(base)
	job, err := archive.Rotate(file, filepath.Join(filepath.Dir(file), QueueDir), archive.Name{
		Stream: strings.TrimSuffix(base, ext), Open: opened, Close: closed, Suffix: suffix, Ext: ext,
	})
	if err != nil {
		return err
	}
	return r.Archiver.Submit(job)
}

// QueueDir is the directory, in that of the live files, where closed logs wait for
// the archiver, as Zeek's do.
const QueueDir = "log-queue"
