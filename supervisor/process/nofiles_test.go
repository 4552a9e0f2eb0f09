package process

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// noFilesEnv tells a test that it has a process of its own.
const noFilesEnv = "PROCESS_TEST_NO_FILES"

// TestNoFiles shows that who cannot look, for want of file descriptors, does not
// say that nothing is there.
func TestNoFiles(t *testing.T) {
	if os.Getenv(noFilesEnv) == "" {
		t.Parallel()
		cmd := exec.Command(os.Args[0], "-test.run=^TestNoFiles$")
		cmd.Env = append(os.Environ(), noFilesEnv+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	boot, err := bootID()
	if err != nil {
		t.Fatal(err)
	}
	self, err := readStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	id := Identity{os.Getpid(), self.startTicks, boot}
	lowest, err := unix.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(lowest)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	usual := limit.Cur
	for spare := range uint64(2) { // none, and the one for the directory /proc only
		limit.Cur = uint64(lowest) + spare
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		_, errFind := Find("A=b")
		_, errMembers := id.Members()
		alive, may := id.Alive(), id.MayHaveMembers()
		_, errAdopt := Adopt(id)
		limit.Cur = usual
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		if spare == 0 && (!errors.Is(errFind, unix.EMFILE) || !errors.Is(errMembers, unix.EMFILE) || !may) {
			t.Errorf("with %d spare descriptors: Find %v, Members %v, MayHaveMembers %v", spare, errFind, errMembers, may)
		}
		if !alive || errAdopt == nil || errors.Is(errAdopt, ErrGone) {
			t.Errorf("with %d spare descriptors: alive %v, Adopt %v", spare, alive, errAdopt)
		}
	}
}
