package parse

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/process"
)

// Limits is what all runs together may take.
type Limits struct {
	Memory  int64         // resident, in bytes
	CPUs    int           // how many run at the same time
	Timeout time.Duration // how long each may take
}

// Run is one run of Zeek.
type Run struct {
	// Nodes is the names of those it stands for; it is run as the first.
	Nodes []string
	Argv  []string
	Env   []string // the whole environment, KEY=value
	Dir   string   // working directory
	// User is who it runs as; nil: as we do.
	User *process.User
}

// Result is how a run ended.
type Result struct {
	Nodes []string `json:"nodes"`
	OK    bool     `json:"ok"`
	// TimedOut says that it had to be killed.
	TimedOut bool `json:"timed_out"`
	// Output is what Zeek said, or why it could not; warnings, or "", where it
	// is OK.
	Output  string  `json:"output"`
	Seconds float64 `json:"seconds"`
	// MaxRSSBytes is the most memory that it had at any time.
	MaxRSSBytes int64 `json:"max_rss_bytes"`
}

// runAll is the results of runs, in their order. When ctx ends, all are killed.
func runAll(ctx context.Context, runs []Run, limits Limits) ([]Result, error) {
	results := make([]Result, len(runs))
	p := pace{cpus: limits.CPUs, memory: limits.Memory}
	ended := make(chan int)
	for begun, running := 0, 0; ; running-- {
		for begun < len(runs) && running < p.atOnce() && ctx.Err() == nil {
			i := begun
			go func() { results[i] = runs[i].do(ctx, limits.Timeout); ended <- i }()
			begun, running = begun+1, running+1
		}
		if running == 0 {
			return results, context.Cause(ctx)
		}
		p.learn(results[<-ended].MaxRSSBytes)
	}
}

var errTimeout = errors.New("it took too long")

// do runs Zeek to its end.
func (r Run) do(ctx context.Context, timeout time.Duration) Result {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	// It is to die with us, even if we are killed. The kernel sees to that, but
	// takes the end of the thread that made it for ours: so the thread waits
	// (spec: peers 0.7).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var said head
	cmd := exec.CommandContext(ctx, r.Argv[0], r.Argv[1:]...)
	cmd.Env, cmd.Dir = r.Env, r.Dir
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: unix.SIGKILL}
	if u := r.User; u != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: u.UID, Gid: u.GID, Groups: u.Groups}
	}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = time.Second // for what it started and holds its output
	begun := time.Now()
	err := cmd.Start()
	if err == nil {
		giveWay(cmd.Process.Pid)
		err = cmd.Wait()
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it has ended well, but not what it started
	}
	result := Result{Nodes: r.Nodes, OK: err == nil, Output: said.String(), Seconds: time.Since(begun).Seconds()}
	if state := cmd.ProcessState; state != nil {
		result.MaxRSSBytes = state.SysUsage().(*syscall.Rusage).Maxrss << 10
	}
	if err != nil {
		result.TimedOut = errors.Is(context.Cause(ctx), errTimeout)
		result.Output += why(err, result, timeout)
	}
	return result
}

// why is what is to be said about a run that failed, beside what it said itself.
func why(err error, r Result, timeout time.Duration) string {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Sprintf("cannot run it: %v\n", err)
	}
	status := exit.Sys().(syscall.WaitStatus)
	switch {
	case r.TimedOut:
		return fmt.Sprintf("it had not parsed the scripts after %v and was killed\n", timeout)
	case status.Signaled():
		return fmt.Sprintf("it was killed by signal %d (%v)\n", status.Signal(), status.Signal())
	case r.Output == "":
		return fmt.Sprintf("it ended with code %d and said nothing\n", status.ExitStatus())
	}
	return ""
}

// giveWay makes a run yield to nodes of this host: it gets the CPU after them,
// and is killed before them where there is no memory left.
func giveWay(pid int) {
	const nice, firstToDie = 10, "1000"
	unix.Setpriority(unix.PRIO_PROCESS, pid, nice)
	if f, err := unix.Open(fmt.Sprintf("/proc/%d/oom_score_adj", pid), unix.O_WRONLY|unix.O_CLOEXEC, 0); err == nil {
		unix.Write(f, []byte(firstToDie))
		unix.Close(f)
	}
}
