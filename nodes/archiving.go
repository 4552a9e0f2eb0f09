package nodes

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"zctl/nodes/archive"
	"zctl/nodes/logger"
)

// Archive says what becomes of a logger's logs once they are closed. When they are
// is [logger.Rotation]'s to say, in [Options.Logger].
type Archive struct {
	// Config says where they go. Log there is the node's own.
	archive.Config
	// Rules say which of them are deleted again.
	archive.Rules
}

// archiving is a logger's archive, with the goroutine that deletes old logs. They
// are those of all loggers that use the directory: each deletes what is too old, and
// minds nothing that another has deleted already.
type archiving struct {
	*archive.Archiver
	a    Archive
	log  *slog.Logger
	stop context.CancelFunc
	done chan struct{} // closed when nothing is deleted any more
}

// expireEvery is how often old logs are looked for. expireLook is how long after a log
// was archived it is looked whether all together are too large now.
const (
	expireEvery = 10 * time.Minute
	expireLook  = 2 * time.Second
)

// archiveTimeout is how long a logger that ends goes on archiving. What is left then
// is archived by the next one.
const archiveTimeout = 10 * time.Second

func startArchiving(a Archive, log *slog.Logger) *archiving {
	a.Config.Log = log
	ctx, stop := context.WithCancel(context.Background())
	r := &archiving{Archiver: archive.NewArchiver(a.Config), a: a, log: log, stop: stop, done: make(chan struct{})}
	go r.expire(ctx)
	return r
}

// adopt archives what an earlier logger left in dir: logs that were waiting for that
// and, if this one is going to rotate, those that it was writing. The others are gone
// on with.
func (r *archiving) adopt(dir string, rotation *logger.Rotation) {
	dirs := []string{filepath.Join(dir, logger.QueueDir)}
	if rotation.Automatic() {
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		left, err := archive.Adopt(dir, rotation.Suffix, r.a.Location)
		if err != nil {
			r.log.Warn(err.Error())
		}
		for _, l := range left {
			r.log.Info("archiving a log that was left behind", "log", l.File, "torn_bytes", l.Torn)
			if err := r.Submit(l.Job); err != nil {
				r.log.Warn(err.Error())
			}
		}
	}
}

// expire deletes old logs, until ctx ends.
func (r *archiving) expire(ctx context.Context) {
	defer close(r.done)
	if r.a.MaxAge == 0 && r.a.MaxBytes == 0 {
		return
	}
	look := time.NewTicker(expireLook)
	defer look.Stop()
	for {
		seen, last := r.Stats().Archived, time.Now()
		r.expireNow()
		for r.Stats().Archived == seen && time.Since(last) < expireEvery {
			select {
			case <-look.C:
			case <-ctx.Done():
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}

func (r *archiving) expireNow() {
	report, err := r.a.Expire(time.Now(), r.a.Rules)
	if err != nil {
		r.log.Error(err.Error())
	}
	if n := len(report.Deleted); n > 0 {
		r.log.Info("deleted old archived logs", "count", n, "bytes", report.Freed, "left", report.Left, "left_bytes", report.Bytes)
	}
	if report.Over {
		r.log.Warn("archived logs are larger than max_size, and those to keep are why; raise it, or keep less", "bytes", report.Bytes)
	}
}

// close archives what waits, as far as there is time.
func (r *archiving) close() error {
	r.stop()
	<-r.done
	ctx, cancel := context.WithTimeout(context.Background(), archiveTimeout)
	defer cancel()
	return r.Close(ctx)
}
