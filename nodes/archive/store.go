package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Store is a directory of archived logs. Several stores, in several processes,
// may be of the same directory.
type Store struct {
	Dir         string         // "/var/lib/zctl/logs"; made when the first log comes
	Compression Compression    // of the logs to come
	Level       int            // 1 to 9 for gzip, 1 to 22 for zstd, 0 the usual
	Location    *time.Location // of the times in names; nil is the local one
}

// Job is a closed log that is to be archived.
type Job struct {
	File        string // where it is; in any directory, on any device
	Stream      string // "conn"
	Open, Close time.Time
	Suffix      string // see [Name]
	Ext         string // of the log itself; "" is none, ".log" the usual one
}

// Log is an archived log.
type Log struct {
	Name
	Path string // below the directory the store was given
	Size int64  // on the disk, in bytes
}

// ErrGone is that the log to archive is not there: it was archived before, or by
// somebody else.
var ErrGone = errors.New("the log is gone")

// ErrBusy is that another process archives the log just now.
var ErrBusy = errors.New("the log is being archived")

// Check says what is wrong with how the store compresses.
func (s Store) Check() error {
	if _, err := ParseCompression(string(cmp.Or(s.Compression, Gzip))); err != nil {
		return err
	}
	if top := map[Compression]int{"": 9, Gzip: 9, Zstd: 22}[s.Compression]; s.Level < 0 || s.Level > top {
		return fmt.Errorf("cannot compress logs at level %d: use 0 to %d", s.Level, top)
	}
	return nil
}

func (s Store) location() *time.Location {
	if s.Location == nil {
		return time.Local
	}
	return s.Location
}

// Archive moves a log into the store, compressed unless it is already, and
// returns where it is. A name that is taken gets a counter, unless what has it
// is this very log, whose source an earlier attempt could not remove any more.
// After an error the log is where it was and may be tried again; errors are
// [ErrGone], [ErrBusy], that of ctx, which may interrupt long work, and those of
// the file systems, such as ENOSPC and EROFS.
func (s Store) Archive(ctx context.Context, job Job) (Log, error) {
	log, err := s.archive(ctx, job)
	if err != nil {
		return Log{}, fmt.Errorf("cannot archive %s: %w%s", job.File, err, advice(err))
	}
	return log, nil
}

func (s Store) archive(ctx context.Context, job Job) (Log, error) {
	name, pack, err := s.target(job)
	if err != nil {
		return Log{}, err
	}
	src, err := openSource(job.File)
	if err != nil {
		return Log{}, err
	}
	defer src.close()
	if err := makeDir(filepath.Join(s.Dir, name.Day())); err != nil {
		return Log{}, err
	}
	log, err := s.put(ctx, src, pack, name)
	if err == nil {
		err = src.remove()
	}
	return log, err
}

// target is the name that the archive of a log should have, and how it is
// compressed.
func (s Store) target(job Job) (Name, Compression, error) {
	name := Name{Stream: job.Stream, Open: job.Open.In(s.location()), Close: job.Close.In(s.location()),
		Suffix: job.Suffix, Ext: job.Ext}
	pack := Plain
	if !compressed(name.Ext) {
		pack = s.Compression
	}
	name.Ext += pack.ext()
	return name, pack, name.check()
}

// put makes the archive of a log. A log that is not to be compressed only gets
// another name, if it can.
func (s Store) put(ctx context.Context, src *source, pack Compression, name Name) (Log, error) {
	if pack.ext() == "" && src.plain {
		if err := src.Sync(); err != nil {
			return Log{}, err
		}
		log, err := s.claim(src, src.Name(), name, pack)
		if !errors.Is(err, errOtherWay) {
			return log, err
		}
	}
	tmp, err := createTemp(filepath.Join(s.Dir, name.Day()))
	if err != nil {
		return Log{}, err
	}
	defer tmp.discard()
	if err := compress(ctx, tmp, src, pack, s.Level); err != nil {
		return Log{}, err
	}
	return s.claim(src, tmp.Name(), name, pack)
}
