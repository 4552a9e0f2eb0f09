package nodes

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"zctl/nodes/archive"
)

// ArchiverOptions is what an archiver in a process of its own does.
type ArchiverOptions struct {
	Archive
	// Queues is the directories where loggers put the logs that they have rotated, and
	// nothing else; each is that of one logger. They may come later.
	Queues []string
	Log    *slog.Logger
}

// RunArchiver archives what loggers that do it not themselves have rotated, such as
// Zeek's, until ctx ends; what is in the queues then is archived before it returns, as
// far as there is time. Under a supervisor that sets NOTIFY_SOCKET it tells when it is
// ready.
func RunArchiver(ctx context.Context, o ArchiverOptions) error {
	if err := o.Archive.Store.Check(); err != nil {
		return err
	}
	report := newReporter(o.Log)
	defer report.close()
	changes, err := watchQueues(o.Queues)
	if err != nil {
		return fmt.Errorf("cannot watch for rotated logs: %w", err)
	}
	defer changes.close()
	a := &archiver{archiving: startArchiving(o.Archive, o.Log), queues: o.Queues, waiting: map[rotatedLog]bool{}, failed: map[string]string{}}
	o.Log.Info("ready", "archive", o.Archive.Store.Dir, "queues", o.Queues)
	report.say("STATUS=", "READY=1")
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		missing := changes.watch()
		a.pass()
		for due := a.next(missing); ; {
			select {
			case <-second.C:
				report.send() // to a supervisor that came later
				if time.Now().Before(due) {
					continue
				}
			case <-changes.seen:
			case <-ctx.Done():
				a.pass()
				if err := a.close(); err != nil {
					o.Log.Warn(err.Error())
				}
				return nil
			}
			break
		}
	}
}

// archiver is who takes what is in the queues.
type archiver struct {
	*archiving
	queues  []string
	waiting map[rotatedLog]bool // those that were handed on
	failed  map[string]string   // what was said last of a queue
}

// rotatedLog is a file in a queue. A later one may have the same name: there is only
// the second in it.
type rotatedLog struct {
	path  string
	inode uint64
	time  syscall.Timespec
}

// How often queues are looked at though nothing was heard of them, while some are not
// there yet, and when all are.
const (
	lookForQueues = time.Second
	lookAnyway    = time.Minute
)

func (a *archiver) next(missing bool) time.Time {
	if missing {
		return time.Now().Add(lookForQueues)
	}
	return time.Now().Add(lookAnyway)
}

// pass hands on what is new in the queues.
func (a *archiver) pass() {
	still := map[rotatedLog]bool{}
	for _, dir := range a.queues {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			continue // its logger has not rotated anything yet
		}
		logs, err := archive.Adopt(dir, a.suffix(dir), a.a.Location)
		a.complain(dir, err)
		for _, l := range logs {
			if l.Suffix == "" {
				l.Suffix = a.suffix(dir)
			}
			file, ok := identify(l.File)
			if !ok || a.waiting[file] {
				still[file] = ok
				continue
			}
			if err := a.Submit(l.Job); err != nil {
				a.log.Warn(err.Error())
				continue
			}
			still[file] = true
		}
	}
	a.waiting = still
}

func identify(path string) (rotatedLog, bool) {
	var st syscall.Stat_t
	err := syscall.Stat(path, &st)
	return rotatedLog{path, st.Ino, st.Mtim}, err == nil
}

// suffix is what tells the logs of a queue from those of others: the name of the node
// in whose work directory it is.
func (a *archiver) suffix(dir string) string {
	if len(a.queues) < 2 {
		return ""
	}
	return archive.Suffix(filepath.Base(filepath.Dir(dir)))
}

// complain says what is wrong with a queue, once.
func (a *archiver) complain(dir string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != a.failed[dir] {
		a.log.Error(text)
	}
	a.failed[dir] = text
}
