package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/notify"
)

// Dirs is the directory below which everything lies that zctl writes.
type Dirs string

// Where things lie below it (design: where things live at run time).
func (d Dirs) Run() string             { return filepath.Join(string(d), "run") }
func (d Dirs) Socket() string          { return filepath.Join(d.Run(), "zctl.sock") }
func (d Dirs) State() string           { return filepath.Join(d.Run(), "state.json") }
func (d Dirs) Events() string          { return filepath.Join(d.Run(), "events.jsonl") }
func (d Dirs) Log() string             { return filepath.Join(d.Run(), "supervisor.log") }
func (d Dirs) Logs() string            { return filepath.Join(string(d), "logs") }
func (d Dirs) Generations() string     { return filepath.Join(string(d), "generations") }
func (d Dirs) Crashes() string         { return filepath.Join(string(d), "crashes") }
func (d Dirs) Curve() string           { return filepath.Join(string(d), "curve") }
func (d Dirs) Node(name string) string { return filepath.Join(string(d), "spool", name) }

// Site is the staged tree of site scripts of that digest.
func (d Dirs) Site(digest string) string {
	return filepath.Join(d.Generations(), "sites", digest)
}

// Stdout and Stderr are the files that a node's output is appended to.
func (d Dirs) Stdout(node string) string { return filepath.Join(d.Node(node), "stdout.log") }
func (d Dirs) Stderr(node string) string { return filepath.Join(d.Node(node), "stderr.log") }

func (d Dirs) notifySocket(node string) string {
	return filepath.Join(d.Run(), "notify", node)
}

// Make creates the directories. They are for the user alone but for the logs,
// because whoever can write to them can make the supervisor run anything.
func (d Dirs) Make() error {
	for _, dir := range []string{string(d), filepath.Join(string(d), "spool"), d.Logs()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return d.makeError(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(d.Run(), "notify"), 0o700); err != nil {
		return d.makeError(err)
	}
	return nil
}

func (d Dirs) makeError(err error) error {
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("cannot create base_dir: %w; run zctl as the owner of %s, or choose another base_dir", err, d)
	}
	return fmt.Errorf("cannot create base_dir: %w; choose another base_dir", err)
}

// CheckSockets says whether the paths of all sockets below the directory are
// short enough.
func (d Dirs) checkSockets(nodes []Spec) error {
	longest := d.Socket()
	for _, n := range nodes {
		if path := d.notifySocket(n.Name); len(path) > len(longest) {
			longest = path
		}
	}
	if len(longest) > notify.MaxPath {
		return fmt.Errorf("base_dir %s is too long: the path of a socket below it would have %d bytes, and Linux allows %d; choose a base_dir that is %d bytes shorter",
			d, len(longest), notify.MaxPath, len(longest)-notify.MaxPath)
	}
	return nil
}

// ErrRunning is the error of [Open] while another supervisor has the directory.
var ErrRunning = errors.New("another supervisor runs there")

// lockPatience is how long to wait for a supervisor that is just dying: the
// kernel closes its files one after the other.
const lockPatience = time.Second

// lock makes sure that there is no second supervisor with the same directory,
// for as long as this process lives or until unlock is called.
func (d Dirs) lock() (unlock func(), err error) {
	for end := time.Now().Add(lockPatience); ; time.Sleep(5 * time.Millisecond) {
		unlock, err = d.tryLock()
		if !errors.Is(err, ErrRunning) || time.Now().After(end) {
			return unlock, err
		}
	}
}

func (d Dirs) tryLock() (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(d.Run(), "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock base_dir %s: %w", d, err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrRunning
		}
		return nil, fmt.Errorf("cannot supervise base_dir %s: %w", d, err)
	}
	return func() {
		// Not only Close: a process that is just being forked holds the file,
		// too.
		unix.Flock(int(file.Fd()), unix.LOCK_UN)
		file.Close()
	}, nil
}

// AwaitUnlocked waits until no supervisor has the directory any more.
func (d Dirs) AwaitUnlocked(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		unlock, err := d.tryLock()
		if err == nil {
			unlock()
			return nil
		}
		if !errors.Is(err, ErrRunning) {
			return err
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the supervisor of %s has not ended yet: %w", d, context.Cause(ctx))
		}
	}
}
