package archive

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// recorded is a run of zeek-archiver 0.50-201.
type recorded struct {
	ID    string
	Args  []string
	Umask string
	Queue map[string]string
	Pre   string
	Exit  int
	Tree  map[string]struct{ Data, Gunzip, Symlink string } `json:"tree_after"`
	Note  string
}

// notReplayed are runs about what we have not: other commands that compress,
// other formats of names, the command line. A umask is of a whole process.
var notReplayed = strings.Fields(`compress-args compress-bzip2 compress-noext compress-cat compress-emptycmd
	compress-3parts compress-1part compress-fail compress-missing-cmd compress-signal compress-pipeline
	delimiter delimiter-empty time-fmt time-fmt-empty zip-ext-custom zip-ext-empty umask-002 umask-077`)

// differs are the files after a run of ours, where zeek-archiver's are not wanted.
var differs = map[string]map[string]string{
	"overwrite": { // it overwrites
		"archive/2020-07-16/conn.09:43:10-10:00:00.log":   "old\n",
		"archive/2020-07-16/conn.09:43:10-10:00:00.2.log": "new"},
	"name-with-double-underscore": { // it never archives that
		"archive/2020-07-16/my__log.09:43:10-10:00:00.log.gz": "x"},
	"empty-name": { // it makes a hidden archive
		"queue/__2020-07-16-09-43-10__2020-07-16-10-00-00__.log": "x"},
	"already-zst-default": { // it compresses that again
		"archive/2020-07-16/conn.09:43:10-10:00:00.log.zst": "x"},
}

// TestReplay runs what zeek-archiver was given, and wants what it left.
func TestReplay(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/archiver.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	replayed := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(notReplayed, r.ID) || len(r.Queue) == 0 && r.Pre == "" {
			continue
		}
		replayed++
		t.Run(r.ID, func(t *testing.T) { replay(t, r) })
	}
	if replayed < 30 {
		t.Errorf("replayed %d runs only", replayed)
	}
}

func replay(t *testing.T, r recorded) {
	root := t.TempDir()
	queue := filepath.Join(root, "queue")
	for file, text := range r.Queue {
		write(t, filepath.Join(queue, file), text)
	}
	if out, err := exec.Command("sh", "-c", "mkdir -p '"+queue+"'; cd '"+root+"'; "+r.Pre).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s := Store{Dir: filepath.Join(root, r.Args[len(r.Args)-1]), Location: time.UTC}
	if strings.Contains(strings.Join(r.Args, " ")+" ", "compress= ") || slices.Contains(r.Args, "-c") {
		s.Compression = Plain
	}
	failed := false
	for _, entry := range must(os.ReadDir(queue)) {
		name, ok := ParseRotated(entry.Name(), time.UTC)
		if path := filepath.Join(queue, entry.Name()); ok && isLog(path) {
			_, err := s.Archive(context.Background(), name.job(path))
			failed = failed || err != nil
			if err != nil && !strings.HasPrefix(err.Error(), "cannot archive "+path+": ") {
				t.Errorf("error %q", err)
			}
		}
	}
	want := differs[r.ID]
	if want == nil {
		want = r.files()
	}
	if got := files(t, root); !maps.Equal(got, want) {
		t.Errorf("files are %v, want %v (%s)", got, want, r.Note)
	}
	if failed != strings.HasSuffix(r.ID, "-is-file") {
		t.Errorf("failed: %v", failed)
	}
}

// files are the files after the run with their texts, uncompressed.
func (r recorded) files() map[string]string {
	files := map[string]string{}
	for path, f := range r.Tree {
		if !strings.HasSuffix(path, "/") {
			files[path] = f.Data + f.Gunzip + f.Symlink
		}
	}
	return files
}

// files are all files below root with their texts, uncompressed if they were.
func files(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.Readlink(path)
		if err != nil {
			text = unpack(t, path)
		}
		found[must(filepath.Rel(root, path))] = text
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return found
}
