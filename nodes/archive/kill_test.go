package archive

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// childEnv makes the test binary a process that archives what lies in the
// directory it names, over and over.
const childEnv = "ZCTL_TEST_ARCHIVE"

func TestMain(m *testing.M) {
	if root := os.Getenv(childEnv); root != "" {
		archiveForEver(root)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// archiveForEver does what a logger does at its start, until it is killed, and
// says so when it has done it once. It does not outlive its test by long.
func archiveForEver(root string) {
	s := utc(root + "/logs")
	end := time.Now().Add(time.Minute)
	for first := true; time.Now().Before(end); first = false {
		must(s.Clean())
		for _, a := range must(Adopt(root+"/spool", "", time.UTC)) {
			if _, err := s.Archive(background, a.Job); err != nil {
				fmt.Println(err)
			}
		}
		if first {
			fmt.Println("done")
		}
		time.Sleep(time.Millisecond)
	}
}

func child(root string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+root)
	return cmd
}

// Whenever the archiver is killed, each log is there in full: as its source, as
// its archive, or as both; and the next one ends what was begun.
func TestKill(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	texts := map[string]int{}
	for i := range 8 {
		text := bigText(uint64(i))
		texts[text] = i
		write(t, fmt.Sprintf("%s/spool/log%02d.log", root, i), text)
	}
	for round := range 10 {
		cmd := child(root)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(10+rand.IntN(40)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		found := map[string]bool{}
		for path, text := range files(t, root) {
			if !strings.Contains(path, tempPrefix) {
				if _, ok := texts[text]; !ok {
					t.Fatalf("round %d: %s is not whole", round, path)
				}
				found[text] = true
			}
		}
		if len(found) != len(texts) {
			t.Fatalf("round %d: %d logs of %d are there", round, len(found), len(texts))
		}
	}
	finish(t, root)
	names := files(t, root)
	for path := range names {
		if filepath.Dir(filepath.Dir(path)) != "logs" {
			t.Errorf("left is %s", path)
		}
	}
	if len(names) != len(texts) {
		t.Errorf("%d logs became %d archives", len(texts), len(names))
	}
}

// finish lets a process archive everything.
func finish(t *testing.T, root string) {
	t.Helper()
	cmd := child(root)
	out := must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 4096)
	n, _ := out.Read(said)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if string(said[:n]) != "done\n" {
		t.Errorf("it said %q", said[:n])
	}
}

// bigText takes some ms to compress.
func bigText(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for b.Len() < 1<<19 {
		fmt.Fprintf(&b, "%d.%06d\tC%016x\t10.0.%d.%d\n", r.IntN(1e9), r.IntN(1e6), r.Uint64(), r.IntN(256), r.IntN(256))
	}
	return b.String()
}

// Several processes whose logs have the same names archive into one directory,
// and one more looks for left-overs of the dead meanwhile: all are there.
func TestManyProcesses(t *testing.T) {
	t.Parallel()
	const processes, each = 4, 25
	root := t.TempDir()
	want := map[string]bool{}
	hour := Name{Stream: "conn", Open: at("2026-11-25 13:00:00"), Close: at("2026-11-25 14:00:00"), Ext: ".log"}
	var running []*exec.Cmd
	for p := range processes {
		own := fmt.Sprintf("%s/p%d", root, p)
		if err := os.MkdirAll(own, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../logs", own+"/logs"); err != nil {
			t.Fatal(err)
		}
		for i := range each {
			text := fmt.Sprintf("log %d of %d\n", i, p)
			want[text] = true
			if _, err := Rotate(write(t, own+"/conn.log", text), own+"/spool", hour); err != nil {
				t.Fatal(err)
			}
		}
		// Two that see the same logs, and must not archive them twice.
		running = append(running, child(own), child(own))
	}
	if err := os.Mkdir(root+"/logs", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range running {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(time.Minute)
	for len(must(filepath.Glob(root+"/p*/spool/*"))) > 0 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	for _, cmd := range running {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	got := files(t, root+"/logs")
	for path, text := range got {
		if !want[text] {
			t.Errorf("%s is there twice, or torn: %q", path, text)
		}
		delete(want, text)
	}
	if len(want) != 0 || len(got) != processes*each {
		t.Errorf("%d logs are missing, %d archives", len(want), len(got))
	}
}
