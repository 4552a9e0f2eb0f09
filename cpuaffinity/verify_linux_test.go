package cpuaffinity

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"
)

// threads is the masks of the threads 42, 43, … of process 42. One that is "" has ended since it was listed.
type threads []string

// verify is Verify of process 42.
func (all threads) verify(proc fs.FS, want List) (Check, error) {
	return verifier{proc: proc, mask: all.mask, want: want}.process(42)
}

func (all threads) mask(tid int) (unix.CPUSetDynamic, error) {
	switch cpus, err := Parse(all[tid-42]); {
	case all[tid-42] == "":
		return nil, unix.ESRCH
	case err != nil:
		return nil, unix.EPERM
	default:
		return listMask(cpus), nil
	}
}

// proc returns a /proc with that process.
func (all threads) proc() fstest.MapFS {
	proc := fstest.MapFS{"42/status": {Data: []byte("not of interest")}, "42/task/README/status": {}}
	for i := range all {
		proc[fmt.Sprintf("42/task/%d/status", 42+i)] = &fstest.MapFile{}
	}
	return proc
}

func TestVerify(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		masks threads
		want  List
		check Check
	}{
		{"one thread", threads{"4"}, List{4}, Check{Have: List{4}, OK: true, Threads: 1}},
		{"a set, in another order", threads{"0-2", "0-2"}, List{2, 0, 1}, Check{Have: List{0, 1, 2}, OK: true, Threads: 2}},
		{"all drifted", threads{"0-3", "0-3"}, List{2}, Check{Have: List{0, 1, 2, 3}, Drifted: 2, Threads: 2}},
		{"one drifted", threads{"2", "2,1500", "2"}, List{2}, Check{Have: List{2, 1500}, Drifted: 1, Threads: 3}},
		{"narrowed by the kernel", threads{"1"}, List{1, 7}, Check{Have: List{1}, Drifted: 1, Threads: 1}},
		{"nothing wanted", threads{"0", "1"}, nil, Check{Have: List{0, 1}, OK: true, Threads: 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.masks.verify(tc.masks.proc(), tc.want)
			if err != nil || !slices.Equal(got.Have, tc.check.Have) || got.OK != tc.check.OK ||
				got.Drifted != tc.check.Drifted || got.Threads != tc.check.Threads {
				t.Errorf("got %+v, %v\nwant %+v", got, err, tc.check)
			}
		})
	}
}

func TestVerifyManyThreads(t *testing.T) {
	t.Parallel()
	many := slices.Repeat(threads{"3"}, 3*dirBatch+1)
	if got, err := many.verify(many.proc(), List{3}); err != nil || !got.OK || got.Threads != len(many) {
		t.Errorf("got %+v, %v, want %d threads on CPU 3", got, err, len(many))
	}
}

// endedFS is a /proc in which the directory of the threads tells of nobody.
type endedFS struct {
	fs.FS
	err error
}

func (e endedFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "read", Path: name, Err: e.err}
}

func TestVerifyEnding(t *testing.T) {
	t.Parallel()
	one := threads{"1", "", "1"}
	if got, err := one.verify(one.proc(), List{1}); err != nil || !got.OK || got.Threads != 2 {
		t.Errorf("a thread ended: got %+v, %v, want the other two on CPU 1", got, err)
	}
	all := threads{"", "", ""}
	for _, proc := range []fs.FS{all.proc(), fstest.MapFS{}, endedFS{all.proc(), fs.ErrNotExist}, endedFS{all.proc(), unix.ESRCH}} {
		_, err := all.verify(proc, List{1})
		if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "cannot check the CPUs of process 42: it is gone") {
			t.Errorf("the process ended: %v", err)
		}
	}
}

func TestVerifyErrors(t *testing.T) {
	t.Parallel()
	one, denied := threads{"1"}, threads{"denied"}
	const prefix = "cannot check the CPUs of process 42: "
	for _, tc := range []struct {
		name    string
		threads threads
		proc    fs.FS
		want    string
	}{
		{"denied thread", denied, denied.proc(), "cannot read the CPU affinity of thread 42: operation not permitted"},
		{"denied directory", one, endedFS{one.proc(), fs.ErrPermission}, "permission denied"},
		{"no directory", one, fstest.MapFS{"42/task": {}}, "not a directory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.threads.verify(tc.proc, List{1})
			if err == nil || err.Error() != prefix+tc.want || got.Threads != 0 || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got  %+v, %v\nwant %s%s", got, err, prefix, tc.want)
			}
		})
	}
	for _, pid := range []int{0, -1} {
		if _, err := Verify(pid, nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("process %d: %v", pid, err)
		}
	}
}
