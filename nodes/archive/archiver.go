package archive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Config says what an Archiver does.
type Config struct {
	Store
	// PostProcess is a command with arguments that is run for each archived log,
	// one at a time, with the path of the log appended; none if empty. Its
	// environment has ZCTL_LOG_FILE, _NAME, _SUFFIX, and the times _OPEN and
	// _CLOSE in RFC 3339.
	PostProcess []string
	PostTimeout time.Duration // then the command is killed; 0 is 10 minutes
	Log         *slog.Logger  // nil is slog.Default
	// After is how retries wait; nil is time.After.
	After func(time.Duration) <-chan time.Time
}

// Archiver archives logs in the background, one after the other, below the
// priority of its process. What fails is tried again, less and less often, until
// it works: a full disk costs no log. Logs that it has not archived when it is
// closed, or killed, are still where they were, for [Adopt] to find.
type Archiver struct {
	config   Config
	jobs     *queue[Job]
	archived *queue[Log] // for the command
	closing  chan struct{}
	close    sync.Once
	ctx      context.Context // ends the work at hand
	cancel   context.CancelFunc
	done     chan struct{} // closed when both goroutines have ended
	counts   counts
}

// How long a job that failed waits, for as long as no other succeeds.
const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
)

// NewArchiver removes what a killed archiver left unfinished, and starts one.
// The caller closes it.
func NewArchiver(config Config) *Archiver {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.PostTimeout == 0 {
		config.PostTimeout = 10 * time.Minute
	}
	if config.After == nil {
		config.After = time.After
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &Archiver{config: config, jobs: newQueue[Job](), archived: newQueue[Log](),
		closing: make(chan struct{}), ctx: ctx, cancel: cancel, done: make(chan struct{})}
	var running sync.WaitGroup
	running.Go(func() { niced(a.archiveAll) })
	running.Go(func() { niced(a.postProcessAll) })
	go func() { running.Wait(); close(a.done) }()
	return a
}

// Submit queues a job and returns at once. An error is that the archiver is
// closed or has very many jobs; the log is left where it is.
func (a *Archiver) Submit(job Job) error {
	if _, _, err := a.config.target(job); err != nil {
		return fmt.Errorf("cannot archive %s: %w", job.File, err)
	}
	if !a.jobs.put(job) {
		return fmt.Errorf("cannot archive %s now: the archiver is closed or %d logs wait; it will be at the next start", job.File, maxQueue)
	}
	return nil
}

// Close takes no more jobs, tries each that is queued once more, and waits until
// that is done or ctx is; then it interrupts what is being done and still waits
// for the goroutines. The error says how many logs were left where they are.
func (a *Archiver) Close(ctx context.Context) error {
	a.close.Do(func() { close(a.closing); a.jobs.close() })
	select {
	case <-a.done:
	case <-ctx.Done():
	}
	a.cancel()
	<-a.done
	left := a.Stats()
	if left.Queued+left.PostQueued > 0 {
		return fmt.Errorf("cannot archive %d logs before the end, nor post-process %d: the first stay where they are and are archived at the next start; run the command by hand for the others", left.Queued, left.PostQueued)
	}
	return nil
}

func (a *Archiver) archiveAll() {
	defer a.archived.close()
	if _, err := a.config.Clean(); err != nil {
		a.config.Log.Warn(err.Error())
	}
	pause := firstPause
	for a.ctx.Err() == nil {
		job, ok := a.jobs.take()
		if !ok {
			return
		}
		if a.archive(job) {
			pause = firstPause
			continue
		}
		a.wait(pause)
		pause = min(2*pause, maxPause)
	}
}

// archive says whether the job needs no other attempt.
func (a *Archiver) archive(job Job) bool {
	a.counts.start()
	log, err := a.config.Archive(a.ctx, job)
	switch {
	case err == nil:
		a.counts.archived(log)
		a.config.Log.Debug("archived a log", "log", log.Path, "bytes", log.Size)
		a.hand(log)
		return true
	case errors.Is(err, ErrGone):
		a.counts.gone()
		a.config.Log.Warn(err.Error())
		return true
	}
	if a.ctx.Err() == nil { // else Close says it
		a.config.Log.Error(err.Error())
	}
	a.counts.failed(err, a.jobs.put(job)) // which is refused when we are closing
	return false
}

// hand gives an archived log to the command.
func (a *Archiver) hand(log Log) {
	if len(a.config.PostProcess) > 0 && !a.archived.put(log) {
		a.config.Log.Error("cannot post-process "+log.Path+": too many logs wait for that; run the command by hand", "waiting", maxQueue)
	}
}

// wait waits before the next attempt, unless there is to be no other.
func (a *Archiver) wait(pause time.Duration) {
	select {
	case <-a.closing:
	case <-a.config.After(pause):
	}
}

func (a *Archiver) postProcessAll() {
	for a.ctx.Err() == nil {
		log, ok := a.archived.take()
		if !ok {
			return
		}
		err := postProcess{a.config.PostProcess, a.config.PostTimeout}.run(a.ctx, log)
		a.counts.postProcessed(err)
		if err != nil {
			a.config.Log.Error(err.Error())
		}
	}
}
