package zeektest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// steering is what the stand-in is told to do; the package comment has the words.
type steering struct {
	version      string
	versionTime  time.Duration
	fatal, error string
	parse        time.Duration
	memory       int
	ready        time.Duration
	hang         bool
	crash        time.Duration
	crashes      bool
	exit         int
	signal       syscall.Signal
	stderr       string
	ignoreTerm   bool
	stop         time.Duration
	interfaces   []string
	log          string
	rotate       time.Duration
	join         bool
}

var signals = map[string]syscall.Signal{
	"ABRT": syscall.SIGABRT, "BUS": syscall.SIGBUS, "FPE": syscall.SIGFPE, "ILL": syscall.SIGILL,
	"KILL": syscall.SIGKILL, "SEGV": syscall.SIGSEGV, "TERM": syscall.SIGTERM,
}

// readSteering reads all places that may steer the stand-in for a node.
func readSteering(node string) (steering, error) {
	s := steering{version: "8.1.2", exit: 1, join: true}
	texts := []string{os.Getenv("ZEEKTEST")}
	files := []string{".zeektest"}
	if dir := os.Getenv("ZEEKTEST_DIR"); dir != "" {
		files = []string{filepath.Join(dir, "all"), filepath.Join(dir, node), ".zeektest"}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.EISDIR) {
			return s, err
		}
		texts = append(texts, string(text))
	}
	for _, text := range texts {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '\n' }) {
			if err := s.obey(strings.TrimSpace(word)); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

// obey takes one setting.
func (s *steering) obey(word string) (err error) {
	if word == "" {
		return nil
	}
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "version":
		s.version = value
	case "version-time":
		s.versionTime, err = time.ParseDuration(value)
	case "fatal":
		s.fatal = value
	case "error":
		s.error = value
	case "parse":
		s.parse, err = time.ParseDuration(value)
	case "memory":
		s.memory, err = strconv.Atoi(value)
	case "ready":
		s.ready, err = time.ParseDuration(value)
	case "hang":
		s.hang = value == "yes"
	case "crash":
		s.crash, err = time.ParseDuration(value)
		s.crashes = value != "never"
		if !s.crashes {
			err = nil
		}
	case "exit":
		s.exit, err = strconv.Atoi(value)
	case "signal":
		s.signal = signals[value]
		if s.signal == 0 {
			err = fmt.Errorf("no signal of this name is known")
		}
	case "stderr":
		s.stderr = value
	case "term":
		s.ignoreTerm = value == "ignore"
	case "stop":
		s.stop, err = time.ParseDuration(value)
	case "interfaces":
		s.interfaces = strings.Split(value, ",")
	case "log":
		s.log = value
	case "rotate":
		s.rotate, err = time.ParseDuration(value)
	case "join":
		s.join = value != "no"
	default:
		err = errors.New("unknown setting")
	}
	if err != nil {
		return fmt.Errorf("%q: %w", word, err)
	}
	return nil
}
