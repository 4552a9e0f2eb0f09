package zeektest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"zctl/layoutgen"
)

// logWriter is the log that a logger was told to write, with Zeek's rotation (spec:
// cluster-framework 3.2).
type logWriter struct {
	z       *zeek
	path    string // "conn"
	opened  time.Time
	records int
}

const rotatedTime = "2006-01-02-15-04-05"

// startLog opens the log, and rotates what a crashed process left of it; nil if there
// is none to write.
func (z *zeek) startLog() *logWriter {
	self, ok := z.self()
	if z.steer.log == "" || ok && !z.layout.TakesLogs(self) {
		return nil
	}
	w := &logWriter{z: z, path: z.steer.log}
	var left unix.Stat_t
	info, err := os.Stat(w.file())
	if err == nil && w.leftovers() && unix.Stat(w.shadow(), &left) == nil {
		w.opened = time.Unix(left.Ctim.Unix())
		w.rotate(info.ModTime(), false)
	}
	w.open()
	return w
}

func (w *logWriter) file() string   { return w.path + ".log" }
func (w *logWriter) shadow() string { return ".shadow." + w.file() }
func (w *logWriter) leftovers() bool {
	return w.setting("LogAscii::enable_leftover_log_rotation", "F") == "T"
}

func (w *logWriter) setting(name, usual string) string {
	if value, ok := w.z.scripts.settings[name]; ok {
		return value
	}
	return usual
}

// metadata tells several loggers apart.
func (w *logWriter) metadata() string {
	if w.z.layout == nil {
		return ""
	}
	loggers := 0
	for _, n := range w.z.layout.Nodes {
		if n.Type == layoutgen.TypeLogger {
			loggers++
		}
	}
	if loggers < 2 {
		return ""
	}
	return "log_suffix=" + w.z.node + "__"
}

// open makes the log, with a record in it.
func (w *logWriter) open() {
	w.opened = time.Now()
	w.records++
	text := fmt.Sprintf("#separator \\x09\n#path\t%s\n#open\t%s\n#fields\tts\tn\n%.6f\t%d\n",
		w.path, w.opened.Format(rotatedTime), float64(w.opened.UnixMicro())/1e6, w.records)
	if w.setting("LogAscii::use_json", "F") == "T" {
		text = fmt.Sprintf("{\"ts\":%.6f,\"n\":%d}\n", float64(w.opened.UnixMicro())/1e6, w.records)
	}
	if w.leftovers() {
		os.WriteFile(w.shadow(), []byte(".log\n\n"), 0o644)
	}
	if err := os.WriteFile(w.file(), []byte(text), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// rotate gives the log its other name, and calls the post-processor.
func (w *logWriter) rotate(closed time.Time, terminating bool) {
	dir := w.setting("Log::default_rotation_dir", ".")
	name := w.path + "." + w.opened.Format(rotatedTime) + ".log"
	if w.setting("Log::rotation_format_func", "") != "" {
		name = w.path + "__" + w.opened.Format(rotatedTime) + "__" + closed.Format(rotatedTime) + "__" + w.metadata() + ".log"
	}
	os.MkdirAll(dir, 0o755)
	target := filepath.Join(dir, name)
	if err := os.Rename(w.file(), target); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Remove(w.shadow())
	if program := w.setting("Log::default_rotation_postprocessor_cmd", "archive-log"); program != "" {
		const format = "06-01-02_15.04.05"
		last := map[bool]string{true: "1", false: "0"}[terminating]
		cmd := exec.Command("sh", "-c", strings.Join([]string{program, target, w.path, w.opened.Format(format), closed.Format(format), last, "ascii"}, " "))
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.Run()
	}
}
