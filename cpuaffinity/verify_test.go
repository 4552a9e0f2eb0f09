package cpuaffinity

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

// statusText is the part of a status file around the line that matters, Groups as long as the kernel can make it.
func statusText(cpus string) string {
	return "Name:\tzeek\nGroups:\t" + strings.Repeat("4294967294 ", 65536) +
		"\nThreads:\t3\nCpus_allowed:\tff\nCpus_allowed_list:\t" + cpus + "\nMems_allowed_list:\t0\n"
}

// process returns a /proc with process 42, whose threads 42, 43, … have these masks.
func process(masks ...string) fstest.MapFS {
	proc := fstest.MapFS{"42/status": {Data: []byte("not of interest")}}
	for i, cpus := range masks {
		proc[fmt.Sprintf("42/task/%d/status", 42+i)] = &fstest.MapFile{Data: []byte(statusText(cpus))}
	}
	return proc
}

func TestVerify(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		masks []string
		want  List
		check Check
	}{
		{"one thread", []string{"4"}, List{4}, Check{Have: List{4}, OK: true, Threads: 1}},
		{"a set, in another order", []string{"0-2", "0-2"}, List{2, 0, 1}, Check{Have: List{0, 1, 2}, OK: true, Threads: 2}},
		{"all drifted", []string{"0-3", "0-3"}, List{2}, Check{Have: List{0, 1, 2, 3}, Drifted: 2, Threads: 2}},
		{"one drifted", []string{"2", "2,1500", "2"}, List{2}, Check{Have: List{2, 1500}, Drifted: 1, Threads: 3}},
		{"narrowed by the kernel", []string{"1"}, List{1, 7}, Check{Have: List{1}, Drifted: 1, Threads: 1}},
		{"nothing wanted", []string{"0", "1"}, nil, Check{Have: List{0, 1}, OK: true, Threads: 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := Verify(process(tc.masks...), 42, tc.want)
			if err != nil || !slices.Equal(got.Have, tc.check.Have) || got.OK != tc.check.OK ||
				got.Drifted != tc.check.Drifted || got.Threads != tc.check.Threads {
				t.Errorf("got %+v, %v\nwant %+v", got, err, tc.check)
			}
		})
	}
}

func TestVerifyManyThreads(t *testing.T) {
	t.Parallel()
	const threads = 3*dirBatch + 1
	proc := make(fstest.MapFS)
	for i := range threads {
		proc[fmt.Sprintf("7/task/%d/status", 7+i)] = &fstest.MapFile{Data: []byte("Cpus_allowed_list:\t3\n")}
	}
	proc["7/task/README/status"] = &fstest.MapFile{}
	if got, err := Verify(proc, 7, List{3}); err != nil || !got.OK || got.Threads != threads {
		t.Errorf("got %+v, %v, want %d threads on CPU 3", got, err, threads)
	}
}

// endedFS is a /proc in which some files are listed, but their threads end before we get to read them.
type endedFS struct {
	fs.FS
	err   error
	ended []string
}

func (e endedFS) Open(name string) (fs.File, error) {
	if slices.Contains(e.ended, name) {
		return nil, &fs.PathError{Op: "read", Path: name, Err: e.err}
	}
	return e.FS.Open(name)
}

func TestVerifyEnding(t *testing.T) {
	t.Parallel()
	proc := process("1", "0-3", "1")
	for _, reason := range []error{fs.ErrNotExist, syscall.ESRCH} {
		one := endedFS{proc, reason, []string{"42/task/43/status"}}
		if got, err := Verify(one, 42, List{1}); err != nil || !got.OK || got.Threads != 2 {
			t.Errorf("a thread ended (%v): got %+v, %v, want the other two on CPU 1", reason, got, err)
		}
		all := endedFS{proc, reason, []string{"42/task/42/status", "42/task/43/status", "42/task/44/status"}}
		dir := endedFS{proc, reason, []string{"42/task"}}
		for _, gone := range []fs.FS{all, dir, fstest.MapFS{}} {
			_, err := Verify(gone, 42, List{1})
			if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "cannot check the CPUs of process 42: it is gone") {
				t.Errorf("the process ended (%v): %v", reason, err)
			}
		}
	}
}

func TestVerifyErrors(t *testing.T) {
	t.Parallel()
	one := func(text string) fs.FS {
		return fstest.MapFS{"42/task/42/status": {Data: []byte(text)}}
	}
	const prefix = "cannot check the CPUs of process 42: "
	for _, tc := range []struct {
		name string
		proc fs.FS
		want string
	}{
		{"no line", one("Name:\tzeek\n"), "cannot read /proc/42/task/42/status: there is no Cpus_allowed_list in it"},
		{"empty line", one("Cpus_allowed_list:\t\n"), "cannot read /proc/42/task/42/status: there is no Cpus_allowed_list in it"},
		{"garbage", one("Cpus_allowed_list:\t0-4294967295\n"), `cannot read Cpus_allowed_list in /proc/42/task/42/status: item 1 ("0-4294967295", column 1): 4294967295 is too large: CPU numbers go up to 65535`},
		{"endless", one(strings.Repeat("x", maxFile+1)), "cannot read /proc/42/task/42/status: it is longer than 1048576 bytes, which no kernel writes"},
		{"denied file", endedFS{process("1"), fs.ErrPermission, []string{"42/task/42/status"}}, "cannot read /proc/42/task/42/status: permission denied"},
		{"denied directory", endedFS{process("1"), fs.ErrPermission, []string{"42/task"}}, "permission denied"},
		{"no directory", fstest.MapFS{"42/task": {}}, "not a directory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := Verify(tc.proc, 42, List{1})
			if err == nil || err.Error() != prefix+tc.want || got.Threads != 0 || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got  %+v, %v\nwant %s%s", got, err, prefix, tc.want)
			}
		})
	}
	for _, pid := range []int{0, -1} {
		if _, err := Verify(process("1"), pid, nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("process %d: %v", pid, err)
		}
	}
}
