package parse

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestSweep: what checks left that were killed is removed, directory and
// processes, but not what a check is just using.
func TestSweep(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	used, err := newScratch(temp)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(temp, "zctl-check-1")
	other := filepath.Join(temp, "zctl-other")
	for _, dir := range []string{filepath.Join(left, "site"), other} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	hangs := exec.Command("/bin/sleep", "600")
	hangs.Env = []string{scratchEnv + "=" + left}
	hangs.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := hangs.Start(); err != nil {
		t.Fatal(err)
	}
	next, err := newScratch(temp)
	if err != nil {
		t.Fatal(err)
	}
	if err := hangs.Wait(); err == nil {
		t.Error("it ended by itself")
	}
	for dir, want := range map[string]bool{used.dir: true, next.dir: true, left: false, other: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: there should be one is %t: %v", dir, want, err)
		}
	}
	used.remove()
	next.remove()
	if left, _ := filepath.Glob(temp + "/zctl-check-*"); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
