package nodes

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/nodes/archive"
)

// archiverRig runs an archiver of two loggers.
type archiverRig struct {
	*testing.T
	dir   string
	log   *strings.Builder
	ended chan error
	stop  context.CancelFunc
}

func startArchiver(t *testing.T, dir string) *archiverRig {
	ctx, stop := context.WithCancel(context.Background())
	r := &archiverRig{t, dir, &strings.Builder{}, make(chan error, 1), stop}
	o := ArchiverOptions{
		Archive: Archive{Config: archive.Config{Store: archive.Store{Dir: filepath.Join(dir, "logs"), Compression: archive.Plain, Location: time.UTC}}},
		Queues:  []string{filepath.Join(dir, "logger-1/log-queue"), filepath.Join(dir, "logger-2/log-queue")},
		Log:     slog.New(slog.NewTextHandler(r.log, nil)),
	}
	go func() { r.ended <- RunArchiver(ctx, o) }()
	return r
}

func (r *archiverRig) end() {
	r.stop()
	if err := <-r.ended; err != nil {
		r.Error(err)
	}
}

func (r *archiverRig) write(name, text string) {
	r.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(path+".tmp", []byte(text), 0o644); err != nil {
		r.Fatal(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		r.Fatal(err)
	}
}

// archived waits until no queue has any log, and returns what the archive has.
func (r *archiverRig) archived() []string {
	r.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		left, _ := filepath.Glob(filepath.Join(r.dir, "*/log-queue/*"))
		if len(left) == 0 {
			break
		}
		if time.Now().After(end) {
			r.Fatalf("nobody archives %q", left)
		}
	}
	var got []string
	files, _ := filepath.Glob(filepath.Join(r.dir, "logs/*/*"))
	for _, f := range files {
		got = append(got, strings.TrimPrefix(f, r.dir+"/logs/"))
	}
	return got
}

// TestArchiver: what waits is taken, what comes later, from a directory that comes
// later, and what came while there was none.
func TestArchiver(t *testing.T) {
	t.Parallel()
	r := startArchiver(t, t.TempDir())
	const times = "__2026-01-02-03-00-00__2026-01-02-04-00-00__log_suffix="
	r.write("logger-1/log-queue/conn"+times+"logger-1__.log", "a")
	if got := r.archived(); !slices.Equal(got, []string{"2026-01-02/conn.03:00:00-04:00:00-logger-1.log"}) {
		t.Error(got)
	}
	// Zeek 8.0's names say nothing of who rotated the log, nor when.
	r.write("logger-2/log-queue/dns.2026-01-02-03-00-00.log", "b")
	if got := r.archived(); len(got) != 2 || !regexp.MustCompile(`^2026-01-02/dns.03:00:00-\d\d:\d\d:\d\d-logger-2.log$`).MatchString(got[1]) {
		t.Error(got)
	}
	// A name may say nothing of the logger although there are several.
	r.write("logger-2/log-queue/ssl__2026-01-02-03-00-00__2026-01-02-04-00-00__.log", "x")
	if got := r.archived(); len(got) != 3 || got[2] != "2026-01-02/ssl.03:00:00-04:00:00-logger-2.log" {
		t.Error(got)
	}
	// A second one of the same name and second.
	r.write("logger-1/log-queue/conn"+times+"logger-1__.log", "c")
	if got := r.archived(); len(got) != 4 || got[0] != "2026-01-02/conn.03:00:00-04:00:00-logger-1.2.log" {
		t.Error(got)
	}
	r.end()
	r.write("logger-2/log-queue/http"+times+"logger-2__.log", "d")
	r = startArchiver(t, r.dir)
	if got := r.archived(); len(got) != 5 || got[3] != "2026-01-02/http.03:00:00-04:00:00-logger-2.log" {
		t.Error(got)
	}
	r.end()
}

// TestArchiverComplains of a queue that it cannot read, and goes on.
func TestArchiverComplains(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "logger-1"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "logger-1/log-queue"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r := startArchiver(t, dir)
	r.write("logger-2/log-queue/conn__2026-01-02-03-00-00__2026-01-02-04-00-00__log_suffix=logger-2__.log", "a")
	if got := r.archived(); len(got) != 1 {
		t.Error(got)
	}
	r.end()
	if !strings.Contains(r.log.String(), "logger-1/log-queue") {
		t.Error(r.log)
	}
}
