package main

import (
	"bytes"
	"context"
	"path/filepath"
	"time"

	"zctl/layoutgen"
	"zctl/layoutgen/lazyregexp"
	"zctl/nodes/tap"
)

// rotated matches logs that were put aside: conn-2026-01-02-15-04-05.log.
var rotated = lazyregexp.New(`-\d\d(\d\d)?-\d\d-\d\d[-_]\d\d[-.:]\d\d[-.:]\d\d`)

// maxLogLine is the size of what is printed though its line has not ended yet.
const maxLogLine = 1 << 20

// logFollower prints what loggers add to their files.
type logFollower struct {
	out     *tapOutput
	dirs    map[string]string // of the loggers, by their names
	files   map[string]*tailed
	writers map[string]*titled
}

// followLogs prints what the loggers of a cluster write, until what it returns is
// called. That waits for the last lines, but not for a reader that does not read.
func followLogs(ctx context.Context, b bus, out *tapOutput) (end func()) {
	f := &logFollower{out: out, dirs: map[string]string{}, files: map[string]*tailed{}, writers: map[string]*titled{}}
	for _, n := range b.layout.Nodes {
		if n.Type == layoutgen.TypeLogger || n.Type == layoutgen.TypeManager && b.layout.ManagerIsLogger {
			f.dirs[n.Name] = b.dirs.Node(n.Name)
		}
	}
	f.find(0) // what is there already is not new
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.run(ctx)
	}()
	return func() {
		stop()
		select {
		case <-ended:
		case <-time.After(time.Second):
		}
	}
}

func (f *logFollower) run(ctx context.Context) {
	defer func() {
		for _, t := range f.files {
			t.close()
		}
	}()
	for ended := false; ; {
		f.find(-1)
		for path, t := range f.files {
			t.copyTo(f.writers[path]) // a log that cannot be read is shown as far as it can
		}
		f.out.flush()
		if ended {
			return
		}
		select {
		case <-time.After(followEvery):
		case <-ctx.Done():
			ended = true
		}
	}
}

// find looks for logs that were not there before, and begins with so many of
// their lines.
func (f *logFollower) find(lines int) {
	for logger, dir := range f.dirs {
		paths, _ := filepath.Glob(filepath.Join(dir, "*.log"))
		for _, path := range paths {
			base := filepath.Base(path)
			if f.files[path] != nil || rotated().MatchString(base) || base == "stdout.log" || base == "stderr.log" {
				continue
			}
			t := &tailed{path: path}
			if t.open(lines) != nil {
				continue // the next time, perhaps
			}
			f.files[path] = t
			f.writers[path] = &titled{w: f.lines(logger, base)}
		}
	}
}

// lines takes a log in pieces and prints its whole lines.
func (f *logFollower) lines(logger, file string) writerFunc {
	var half []byte
	return func(b []byte) (int, error) {
		half = append(half, b...)
		for {
			line, rest, whole := bytes.Cut(half, []byte("\n"))
			if !whole && len(half) < maxLogLine {
				half = bytes.Clone(half)
				return len(b), nil
			}
			half = rest
			if err := f.out.log(tap.LogLine{Time: time.Now(), Logger: logger, File: file, Line: string(line)}); err != nil {
				return 0, err
			}
		}
	}
}
