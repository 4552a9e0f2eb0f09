package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// initEnv makes the test binary what the first process of a container is, for the
// processes that it starts in that directory.
const initEnv = "PROCESS_TEST_INIT"

// beInit starts processes that leave orphans behind while it starts others that
// it waits for itself, and says what became of all of them.
func beInit(dir string) {
	if err := initWith(dir); err != nil {
		fmt.Println(err)
	}
}

func initWith(dir string) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go ReapOrphans(ctx)
	const rounds = 100
	for i := range rounds {
		out := filepath.Join(dir, strconv.Itoa(i))
		p, err := Start(Command{Argv: sh(`sh -c 'echo $$; exit 3' & exit $0`, strconv.Itoa(i)).Argv, Env: []string{path}, Stdout: out})
		if err != nil {
			return err
		}
		if got := how(p.Wait()); got != exited(i) {
			return fmt.Errorf("our own child %d ended as %v", i, got)
		}
	}
	for i := range rounds {
		orphan, err := orphanIn(filepath.Join(dir, strconv.Itoa(i)))
		if err != nil {
			return err
		}
		for end := time.Now().Add(patience); !errors.Is(unix.Kill(orphan, 0), unix.ESRCH); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				return fmt.Errorf("orphan %d was not reaped", orphan)
			}
		}
	}
	fmt.Println("all reaped")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// orphanIn waits for the pid that an orphan writes into a file.
func orphanIn(file string) (int, error) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(file)
		if line, ended := strings.CutSuffix(string(text), "\n"); err == nil && ended {
			return strconv.Atoi(line)
		}
	}
	return 0, fmt.Errorf("nobody has written %s", file)
}

// TestReapOrphans shows that orphans are waited for, and that our own children
// are left to who made them, however fast they end.
func TestReapOrphans(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), initEnv+"="+t.TempDir())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 1<<10)
	n, err := stdout.Read(line)
	if got := string(line[:n]); got != "all reaped\n" {
		t.Errorf("got %q, %v", got, err)
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
