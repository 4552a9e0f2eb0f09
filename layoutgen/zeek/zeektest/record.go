package zeektest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Run is one start of the stand-in, as it recorded it.
type Run struct {
	Time time.Time         `json:"time"`
	PID  int               `json:"pid"`
	Argv []string          `json:"argv"`
	Env  map[string]string `json:"env"`
	Cwd  string            `json:"cwd"`
}

// recordFile is where a start is recorded; "" is nowhere.
func recordFile(node string, version bool) string {
	switch dir := os.Getenv("ZEEKTEST_RECORD"); {
	case dir != "" && node != "":
		return filepath.Join(dir, node+".jsonl")
	case dir != "":
		return filepath.Join(dir, "zeek.jsonl")
	case version:
		return ""
	}
	return "zeektest.jsonl"
}

// record notes a start. It is one write, so that starts at the same time do not mix.
func record(file string, argv []string) error {
	if file == "" {
		return nil
	}
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	r := Run{Time: time.Now(), PID: os.Getpid(), Argv: argv, Env: map[string]string{}, Cwd: cwd}
	for _, entry := range os.Environ() {
		key, value, _ := strings.Cut(entry, "=")
		r.Env[key] = value
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(line, '\n'))
	return err
}

// Runs reads a file of recorded starts, the first one first.
func Runs(file string) ([]Run, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read what zeek recorded: %w", err)
	}
	var runs []Run
	for _, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		var r Run
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("cannot read what zeek recorded: %s: %w", file, err)
		}
		runs = append(runs, r)
	}
	return runs, nil
}
