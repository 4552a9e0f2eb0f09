package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"zctl/supervisor/process"
)

const (
	traceTimeout = time.Minute
	traceNice    = 19
)

// trace has a debugger look at the core of an end, behind everybody's back. Only one
// does at a time: in a loop of crashes the others would say the same.
func (c *Collector) trace(e *End, dir string) {
	c.mu.Lock()
	busy := c.tracing || c.closed
	c.tracing = c.tracing || !busy
	c.mu.Unlock()
	if busy {
		e.note("there is no backtrace: another one was being made")
		writeReport(dir, &e.Report)
		return
	}
	report := e.Report
	c.wait.Go(func() {
		if err := c.backtrace(&report, e.Program, dir); err != nil {
			report.note("there is no backtrace: %v", err)
			writeReport(dir, &report)
		}
		c.mu.Lock()
		c.tracing = false
		c.mu.Unlock()
	})
}

func (c *Collector) backtrace(r *Report, program, dir string) error {
	argv := []string{"gdb", "-batch", "-nx", "-ex", "thread apply all backtrace", program, filepath.Join(dir, coreFile)}
	switch {
	case r.Core == "":
		argv = []string{"coredumpctl", "--no-pager", "info", fmt.Sprint(r.PID)}
	case r.Core != coreFile:
		argv[len(argv)-1] = r.Core
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return fmt.Errorf("%s is not installed", argv[0])
	}
	argv[0] = path
	out := filepath.Join(dir, backtraceFile)
	proc, err := process.Start(process.Command{
		Argv: argv, Dir: dir, Stdout: out, Stderr: out, Nice: traceNice,
		// It is to ask nobody on the network for symbols.
		Env: []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "DEBUGINFOD_URLS="},
	})
	if err != nil {
		return err
	}
	done := make(chan process.Exit, 1)
	go func() { done <- proc.Wait() }()
	var how process.Exit
	timeout := time.NewTimer(traceTimeout)
	defer timeout.Stop()
	select {
	case how = <-done:
	case <-timeout.C:
		err = fmt.Errorf("%s took longer than %v", argv[0], traceTimeout)
	case <-c.stop:
		err = fmt.Errorf("the supervisor ended")
	}
	if err != nil {
		proc.KillAll()
		<-done
		return err
	}
	proc.Forget()
	if info, err := os.Stat(out); err == nil && info.Size() > mostText {
		os.Truncate(out, mostText)
	}
	if how.Code != 0 || how.Signal != 0 {
		return fmt.Errorf("%s %v", argv[0], how)
	}
	return nil
}
