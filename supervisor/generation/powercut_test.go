package generation

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func mkfifo(path string) error { return unix.Mkfifo(path, 0o600) }

// killed is what a killed process says.
type killed struct{}

// disk watches what a store changes, so that it can do to the files what a power cut
// may: whatever was not synced is gone, or half there.
type disk struct {
	steps, fatal int // the change at which the process is killed, from 1
	fail         int // the change that fails, from 1
	content      []unsyncedFile
	names        []unsyncedName
}

// unsyncedFile is a file of which only the first bytes are sure to be on the disk.
type unsyncedFile struct {
	path string
	safe int64
}

// unsyncedName is a change in a directory that has not been synced since.
type unsyncedName struct {
	path string
	undo func(path string)
}

func (d *disk) step(op, path string) error {
	d.steps++
	switch {
	case d.fatal > 0 && d.steps >= d.fatal: // also of what it would do on its way out
		panic(killed{})
	case d.steps == d.fail:
		return unix.ENOSPC
	}
	switch op {
	case "create", "append":
		info, err := os.Lstat(path)
		if err == nil {
			d.content = append(d.content, unsyncedFile{path, info.Size()})
			break
		}
		d.content = append(d.content, unsyncedFile{path, 0})
		d.name(path, func(path string) { os.Remove(path) })
	case "mkdir":
		if _, err := os.Lstat(path); err != nil {
			d.name(path, func(path string) { os.RemoveAll(path) })
		}
	case "symlink":
		d.name(path, func(path string) { os.Remove(path) })
	case "sync":
		d.content = slices.DeleteFunc(d.content, func(f unsyncedFile) bool { return f.path == path })
		d.names = slices.DeleteFunc(d.names, func(n unsyncedName) bool { return filepath.Dir(n.path) == path })
	case "rename":
		d.rename(path)
	case "exchange":
		from, to, _ := strings.Cut(path, " ")
		d.name(to, func(to string) { unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_EXCHANGE) })
	}
	return nil
}

func (d *disk) name(path string, undo func(path string)) {
	d.names = append(d.names, unsyncedName{path, undo})
}

// rename follows what is renamed, so that it is known under its new name.
func (d *disk) rename(both string) {
	from, to, _ := strings.Cut(both, " ")
	d.follow(from, to)
	old, err := os.Readlink(to)
	d.name(to, func(to string) {
		os.Rename(to, from)
		d.follow(to, from)
		if err == nil {
			os.Symlink(old, to)
		}
	})
}

func (d *disk) follow(from, to string) {
	renamed := func(path string) string {
		if rest, below := strings.CutPrefix(path, from); below && (rest == "" || rest[0] == '/') {
			return to + rest
		}
		return path
	}
	for i, f := range d.content {
		d.content[i].path = renamed(f.path)
	}
	for i, n := range d.names {
		d.names[i].path = renamed(n.path)
	}
}

// losePower does to the files what a power cut may do.
func (d *disk) losePower(how string) {
	for _, f := range d.content {
		if info, err := os.Lstat(f.path); err == nil && how != lostNames {
			size := f.safe
			if how == lostHalf {
				size += (info.Size() - f.safe) / 2
			}
			os.Truncate(f.path, size)
		}
	}
	for i := range slices.Backward(d.names) { // an undo may rename those before it
		if how == lostNames {
			d.names[i].undo(d.names[i].path)
		}
	}
}

// What may become of a deploy.
const (
	lostContent = "power lost, and content"
	lostHalf    = "power lost, and half of the content"
	lostNames   = "power lost, and names"
	wasKilled   = "killed"
	failed      = "failed"
)

// deploy is all that a deploy does with a store.
func deploy(s *Store, site string, files Files) error {
	_, err := s.StageSite(site)
	if err != nil {
		return err
	}
	generation, err := s.Stage(files)
	if err != nil {
		return err
	}
	id, err := s.Begin(Record{Time: time.Now(), Generation: generation, Verb: "deploy"})
	if err != nil {
		return err
	}
	if err := s.Switch(generation); err != nil {
		return err
	}
	if err := s.End(id, "done", true, time.Second); err != nil {
		return err
	}
	return s.Prune([]string{generation}, nil)
}

// survive runs a deploy in which a process is killed.
func survive(deploy func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case killed:
			err = errKilled
		default:
			panic(r)
		}
	}()
	return deploy()
}

var errKilled = errors.New("killed")

// TestInterrupted kills a deploy before each of its changes of the file system, loses
// power there, or lets the change fail: what is current is whole, the old or the new,
// and the next deploy does what it should and leaves no rubbish.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, what := range []string{wasKilled, lostContent, lostHalf, lostNames, failed} {
		for _, before := range []string{"nothing", "another", "damaged"} {
			t.Run(what+", "+before, func(t *testing.T) {
				t.Parallel()
				for k := 1; ; k++ {
					if !interrupt(t, what, before, k) {
						if k < 20 {
							t.Errorf("only %d changes", k)
						}
						break
					}
				}
			})
		}
	}
}

// inMemory is a directory where syncing costs nothing, if there is one.
func inMemory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "zctl")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// interrupt does that at the k-th change; it is false if there are not so many.
func interrupt(t *testing.T, what, before string, k int) bool {
	dir := inMemory(t)
	site := lay(t, filepath.Join(dir, "new"), map[string]string{"local.zeek": "new", "sub/x.zeek": "x", "sub/link": "-> x.zeek"})
	files := Files{"manifest.json": "new", "auto/cluster-layout.zeek": "new layout", "zctl.toml": ""}
	store := At(filepath.Join(dir, "generations"))
	old := ""
	if before != "nothing" {
		oldSite := lay(t, filepath.Join(dir, "old"), map[string]string{"local.zeek": "old"})
		oldFiles := Files{"manifest.json": "old"}
		if err := deploy(store, oldSite, oldFiles); err != nil {
			t.Fatal(err)
		}
		old = oldFiles.Digest()
	}
	tree, err := ReadTree(site)
	if err != nil {
		t.Fatal(err)
	}
	if before == "damaged" { // what is to be staged
		lay(t, store.path(files.Digest()), map[string]string{"manifest.json": "ne"})
		lay(t, store.site(tree.Digest()), map[string]string{"local.zeek": "ne"})
	}

	d := &disk{}
	if what == failed {
		d.fail = k
	} else {
		d.fatal = k
	}
	victim := At(store.dir)
	victim.step = d.step
	err = survive(func() error { return deploy(victim, site, files) })
	if d.steps < k {
		if err != nil {
			t.Errorf("without any trouble: %v", err)
		}
		return false
	}
	if what != wasKilled && what != failed {
		d.losePower(what)
	}
	at := fmt.Sprintf("at change %d (%v)", k, err)

	current, err := store.Current()
	if err != nil || current != old && current != files.Digest() {
		t.Errorf("%s: current is %q, %v", at, current, err)
	}
	if current != "" {
		if _, err := store.Open(current); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
	if current == files.Digest() {
		if _, err := store.Site(tree.Digest()); err != nil {
			t.Errorf("%s: the new generation is current: %v", at, err)
		}
	}
	if _, err := store.History(); err != nil {
		t.Errorf("%s: %v", at, err)
	}
	if err := deploy(store, site, files); err != nil {
		t.Errorf("%s: the next deploy: %v", at, err)
	}
	if got, err := store.Open(files.Digest()); err != nil || !reflect.DeepEqual(got, files) {
		t.Errorf("%s: the next deploy leaves %v, %v", at, got, err)
	}
	if current, err := store.Current(); err != nil || current != files.Digest() {
		t.Errorf("%s: after the next deploy current is %q, %v", at, current, err)
	}
	if _, err := store.Site(tree.Digest()); err != nil {
		t.Errorf("%s: after the next deploy: %v", at, err)
	}
	history, err := store.History()
	if err != nil || len(history) == 0 || history[len(history)-1].Outcome != "done" {
		t.Errorf("%s: after the next deploy: %+v, %v", at, history, err)
	}
	leftovers(t, store)
	onlyKnown(t, store)
	return true
}

// onlyKnown complains about everything in a store that has no business there.
func onlyKnown(t *testing.T, s *Store) {
	t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(s.dir, path)
		switch {
		case err != nil:
			return err
		case name == "." || name == sitesName:
			return nil
		case name == currentName || name == "history.jsonl":
			return nil
		case Valid(d.Name()):
			return fs.SkipDir
		}
		t.Errorf("what is %s?", name)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
