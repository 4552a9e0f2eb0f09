package crash

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"zctl/layoutgen/lazyregexp"
)

// How much is kept of files.
const (
	outputLines = 100
	mostText    = 256 << 10 // bytes of one file
)

// Excerpt is what a report shows of a file in the working directory of a node: as
// ZeekControl's crash reports do (spec: zeekctl 3.6).
type Excerpt struct {
	File  string
	Lines int // from its end; 0: all
}

// Excerpts are those files, besides the output.
var Excerpts = []Excerpt{
	{"reporter.log", 10}, {"prof.log", 10}, {"packet_filter.log", 30}, {"loaded_scripts.log", 0},
}

// The files of a directory, besides those of [Excerpts].
const (
	stderrFile    = "stderr.log"
	stdoutFile    = "stdout.log"
	envFile       = "env_vars"
	backtraceFile = "backtrace.txt"
	coreFile      = "core"
)

// gatherFiles copies what the process left behind in files.
func gatherFiles(e *End, to string) {
	save := func(name, text string) {
		if text == "" {
			return
		}
		if err := os.WriteFile(filepath.Join(to, name), []byte(text), 0o600); err != nil {
			e.note("cannot keep %s: %v", name, err)
		}
	}
	save(stderrFile, e.Stderr.tail(outputLines))
	save(stdoutFile, e.Stdout.tail(outputLines))
	save(envFile, PublicEnv(e.Env))
	for _, x := range Excerpts {
		save(x.File, Tail(filepath.Join(e.Dir, x.File), x.Lines, e.StartedAt))
	}
}

// tail is the last lines of an output. The file may have got another name when the
// successor was started.
func (o Output) tail(lines int) string {
	for _, name := range []string{o.File, o.File + ".1"} {
		f, size, err := openRegular(name)
		if err != nil {
			continue
		}
		defer f.Close()
		if size >= o.To {
			return tailOf(f, o.From, o.To, lines)
		}
	}
	return ""
}

// Tail is the last lines of a file, all with 0; "" if there is no such file, or if it
// is older than since.
func Tail(name string, lines int, since *time.Time) string {
	f, size, err := openRegular(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || since != nil && info.ModTime().Before(since.Add(-time.Second)) {
		return ""
	}
	return tailOf(f, 0, size, lines)
}

// openRegular opens a file of a directory that is not ours alone.
func openRegular(name string) (*os.File, int64, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// tailOf is the last lines between two offsets, as far as they fit into mostText.
func tailOf(f io.ReaderAt, from, to int64, lines int) string {
	start := max(from, to-mostText)
	buf := make([]byte, max(0, to-start))
	n, err := f.ReadAt(buf, start)
	if err != nil && err != io.EOF {
		return ""
	}
	buf = buf[:n]
	if start > from { // cut in the middle
		if _, rest, found := bytes.Cut(buf, []byte("\n")); found {
			buf = rest
		}
	}
	end := len(bytes.TrimRight(buf, "\n"))
	for at, left := end, lines; left > 0; left-- {
		at = bytes.LastIndexByte(buf[:at], '\n')
		if at < 0 {
			break
		}
		if left == 1 {
			buf, end = buf[at+1:], end-at-1
		}
	}
	if end == 0 {
		return ""
	}
	return strings.ToValidUTF8(string(buf[:end]), "?") + "\n"
}

// secret is what variables with secrets are called.
var secret = lazyregexp.New(`(?i)key|secret|token|passw|credential|ZCTL_SPEC`)

// PublicEnv is an environment without its secrets, a variable a line.
func PublicEnv(env []string) string {
	var text strings.Builder
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if secret().MatchString(name) {
			value = "(not kept)"
		}
		fmt.Fprintf(&text, "%s=%s\n", name, value)
		if text.Len() > mostText {
			break
		}
	}
	return text.String()
}
