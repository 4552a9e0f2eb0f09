package sqlite

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

// job is what the test binary does instead of tests when it finds one in
// ZCTL_TEST_SQLITE: what has to happen in a process of its own.
type job struct {
	Do      string // write, hold, or try
	Options Options
}

// TestMain runs the tests, or a job.
func TestMain(m *testing.M) {
	text, isJob := os.LookupEnv("ZCTL_TEST_SQLITE")
	if !isJob {
		os.Exit(m.Run())
	}
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	if err := j.run(); err != nil {
		fmt.Println("error:", err)
	}
}

func (j job) run() error {
	b, err := open(context.Background(), j.Options, impatience)
	if err != nil {
		return err
	}
	fmt.Println("open")
	switch j.Do {
	case "write":
		return writeForever(b)
	case "hold":
		_, err = bufio.NewReader(os.Stdin).ReadByte() // until the test closes it
	}
	return errors.Join(ignoreEOF(err), b.Close())
}

func ignoreEOF(err error) error {
	if err != nil && err.Error() == "EOF" {
		return nil
	}
	return err
}

// process is a running job.
type process struct {
	*exec.Cmd
	out *bufio.Scanner
	end func()
}

// begin starts a job and waits until its file is open. It dies with the test.
func begin(t *testing.T, j job, uid int) *process {
	t.Helper()
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command("/proc/self/exe")}
	p.Dir = "/"
	p.Env = append(os.Environ(), "ZCTL_TEST_SQLITE="+string(text))
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if uid != os.Getuid() {
		p.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	}
	stdin, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.end = func() { _ = stdin.Close() }
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewScanner(stdout)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	})
	return p
}

// line is the next thing that a job says.
func (p *process) line(t *testing.T) string {
	t.Helper()
	if !p.out.Scan() {
		t.Fatalf("a job says no more: %v", p.out.Err())
	}
	return p.out.Text()
}

// batch is what the writing job writes as its nth, so that whoever knows n knows
// the whole contents: 20 puts over 200 keys, with values of different lengths,
// and now and then an erase or a clear.
func batch(n uint64) ([]store.Change, []store.Session) {
	r := rand.New(rand.NewPCG(n, 1))
	var changes []store.Change
	for range 20 {
		key := event.Count(r.Uint64N(200))
		switch pick := r.IntN(300); {
		case pick == 0:
			changes = append(changes, store.Change{Kind: store.ChangeClear})
		case pick < 30:
			changes = append(changes, store.Change{Kind: store.ChangeErase, Key: key})
		default:
			value := event.String(fmt.Sprint(n) + strings.Repeat("x", r.IntN(1000)))
			changes = append(changes, store.Change{Kind: store.ChangePut, Key: key, Value: value})
		}
	}
	return changes, []store.Session{{Writer: "w", Seq: n}}
}

// writeForever goes on behind the last batch of the file, and says which one it
// has written.
func writeForever(b *Backend) error {
	last := uint64(0)
	all, err := b.Sessions()
	if len(all) > 0 {
		last = all[0].Seq
	}
	for n := last + 1; err == nil; n++ {
		changes, sessions := batch(n)
		if err = b.Write(context.Background(), changes, sessions); err == nil {
			fmt.Println(n)
		}
	}
	return err
}

// TestKilled: after kill -9 amid writes the file has every batch that was
// written, at most the one that was under way besides, and nothing by halves;
// in every mode, since the operating system lives. Each file is killed several
// times.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, o := range modes() {
		t.Run(o.name(), func(t *testing.T) {
			t.Parallel()
			o := o.at(filepath.Join(t.TempDir(), "f"))
			r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
			var model store.Contents
			applied := uint64(0)
			for range 4 {
				told := killAmidWrites(t, o, r)
				sound := o
				sound.IntegrityCheck = true
				b := mustOpen(t, sound)
				last := sessions(t, b)["w"]
				if last < told || last > told+1 {
					t.Fatalf("batch %d was written, the file has %d", told, last)
				}
				for ; applied < last; applied++ {
					changes, _ := batch(applied + 1)
					for _, change := range changes {
						model.Follow(change)
					}
				}
				want := map[string]string{}
				for key, e := range model.All() {
					want[key.String()] = describe(e.Value, e.Deadline)
				}
				expectContents(t, b, want)
				mustClose(t, b)
			}
			if applied < 4 {
				t.Errorf("only %d batches", applied)
			}
		})
	}
}

// killAmidWrites kills a writing process after some batches, and says which
// was the last that it had written.
func killAmidWrites(t *testing.T, o Options, r *rand.Rand) uint64 {
	t.Helper()
	p := begin(t, job{"write", o}, os.Getuid())
	if line := p.line(t); line != "open" {
		t.Fatal(line)
	}
	told := uint64(0)
	read := func(line string) {
		if _, err := fmt.Sscan(line, &told); err != nil {
			t.Fatalf("a job says %q", line)
		}
	}
	for range 1 + r.IntN(100) {
		read(p.line(t))
	}
	// the time of a batch or so, so as not to kill always right after one: nothing depends on it
	time.Sleep(time.Duration(r.IntN(1000)) * time.Microsecond)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for p.out.Scan() { // what it had said before it died
		read(p.out.Text())
	}
	_ = p.Wait()
	return told
}

// TestLocked: a file that another process has open is an error, whatever the
// mode, and may be opened as soon as that one is gone.
func TestLocked(t *testing.T) {
	t.Parallel()
	for _, o := range modes() {
		t.Run(o.name(), func(t *testing.T) {
			t.Parallel()
			o := o.at(filepath.Join(t.TempDir(), "f"))
			p := begin(t, job{"hold", o}, os.Getuid())
			if line := p.line(t); line != "open" {
				t.Fatal(line)
			}
			for _, other := range []Options{{Path: o.Path}, {Path: o.Path, JournalMode: JournalWAL, FailureMode: FailureDelete}} {
				_, err := open(t.Context(), other, impatience)
				if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "a store has one master, stop the other one") {
					t.Errorf("error %v", err)
				}
			}
			opened := make(chan error)
			go func() { // waits for the other one
				b, err := open(t.Context(), o, time.Minute)
				if err == nil {
					err = b.Close()
				}
				opened <- err
			}()
			p.end()
			if err := <-opened; err != nil {
				t.Error(err)
			}
		})
	}
	o := Options{Path: filepath.Join(t.TempDir(), "f")}
	b := mustOpen(t, o)
	if _, err := open(t.Context(), o, impatience); !errors.Is(err, ErrLocked) {
		t.Errorf("the same process opened it twice: %v", err)
	}
	mustWrite(t, b, []store.Change{put("k", 1)})
}

// TestReadOnly: a directory or file that cannot be written is told when it is
// opened, not when something is to be written.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	const nobody = 65534
	uid := os.Getuid()
	if uid == 0 { // root may do everything: ask as somebody else
		uid = nobody
	}
	for _, o := range []Options{{}, {JournalMode: JournalDelete}, {JournalMode: JournalWAL}, {FailureMode: FailureDelete}} {
		for _, test := range []struct {
			name      string
			dir, file os.FileMode // 0: none
		}{{"directory", 0o555, 0o666}, {"missing", 0o555, 0}, {"file", 0o777, 0o444}, {"unreadable", 0o777, 0o200}} {
			t.Run(o.name()+test.name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				o := o.at(filepath.Join(dir, "f"))
				if test.file != 0 {
					if err := os.WriteFile(o.Path, broker(t), 0o600); err != nil {
						t.Fatal(err)
					}
					if err := os.Chmod(o.Path, test.file); err != nil {
						t.Fatal(err)
					}
				}
				for path, mode := range map[string]os.FileMode{dir: test.dir, filepath.Dir(dir): 0o755} {
					if err := os.Chmod(path, mode); err != nil {
						t.Fatal(err)
					}
				}
				got := begin(t, job{"try", o}, uid).line(t)
				if !strings.Contains(got, o.Path) || !strings.Contains(got, ErrNoAccess.Error()) || !strings.Contains(got, "must be writable") {
					t.Errorf("said %q", got)
				}
				if err := os.Chmod(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if _, err := os.Stat(o.Path + ".corrupt"); err == nil {
					t.Error("the file was put aside")
				}
			})
		}
	}
}
