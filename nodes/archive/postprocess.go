package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// postProcess is a command that is run for each archived log.
type postProcess struct {
	argv    []string
	timeout time.Duration
}

// run runs the command with the path of the log as its last argument and what
// its name says in the environment. The log stays whatever comes of it. What
// the command started is killed with it.
func (p postProcess) run(ctx context.Context, log Log) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	argv := append(p.argv[:len(p.argv):len(p.argv)], log.Path)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), isBusKey),
		"ZCTL_LOG_FILE="+log.Path,
		"ZCTL_LOG_NAME="+log.Stream,
		"ZCTL_LOG_SUFFIX="+log.Suffix,
		"ZCTL_LOG_OPEN="+log.Open.Format(time.RFC3339),
		"ZCTL_LOG_CLOSE="+log.Close.Format(time.RFC3339))
	said := &tail{}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("it took more than %v and was killed", p.timeout)
	}
	if err != nil {
		return fmt.Errorf("cannot post-process %s with %s: %w (it said %q); the log is archived, run the command again by hand",
			log.Path, argv[0], err, bytes.TrimSpace(said.text))
	}
	return nil
}

// isBusKey says whether an entry of the environment is a key of the bus, which a
// logger has there (spec: wire 4.3) and a command has no use for.
func isBusKey(entry string) bool {
	return strings.HasPrefix(entry, "ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_")
}

// tail keeps the end of what a command says.
type tail struct{ text []byte }

const maxTail = 1024

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p[max(0, len(p)-maxTail):]...)
	t.text = append(t.text[:0], t.text[max(0, len(t.text)-maxTail):]...)
	return len(p), nil
}
