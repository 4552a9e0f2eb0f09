package generation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Record is one change of what should run.
type Record struct {
	// ID is the time at which it began, in nanoseconds, and no other's.
	ID   int64     `json:"id"`
	Time time.Time `json:"time"`
	// Generation is what was deployed, From what had been before, "" if nothing had.
	Generation string `json:"generation"`
	From       string `json:"from"`
	Verb       string `json:"verb"` // VerbDeploy, VerbRollback, …
	UID        int    `json:"uid"`  // of who asked for it
	For        string `json:"for"`  // the user for whom, if sudo said so
	// Outcome is how it went, for people; "" as long as nobody knows.
	Outcome string `json:"outcome"`
	// OK says that every node was ready in the end.
	OK bool `json:"ok"`
	// Seconds is how long that took.
	Seconds float64 `json:"seconds"`
	// Void says that nothing came of it: From went on being deployed.
	Void bool `json:"void"`
}

// VerbRollback is the verb that takes back what was deployed; all others deploy
// something on top of it.
const VerbRollback = "rollback"

// The two lines of a record: one when it begins, one when its outcome is known.
type (
	beginLine struct {
		ID         int64     `json:"id"`
		Time       time.Time `json:"time"`
		Generation string    `json:"generation"`
		From       string    `json:"from,omitempty"`
		Verb       string    `json:"verb"`
		UID        int       `json:"uid"`
		For        string    `json:"for,omitempty"`
	}
	endLine struct {
		ID      int64   `json:"id"`
		Outcome string  `json:"outcome"`
		OK      bool    `json:"ok"`
		Seconds float64 `json:"seconds"`
		Void    bool    `json:"void,omitempty"`
	}
)

// maxHistory is the size in bytes at which history.jsonl becomes history.jsonl.1,
// replacing the one before; both are read. It is some 10,000 deploys.
const maxHistory = 4 << 20

func (s *Store) history() string { return filepath.Join(s.dir, "history.jsonl") }

// Begin writes down, so that it survives a power cut, that a generation is about to
// be deployed. It returns the record's ID for [Store.End].
func (s *Store) Begin(r Record) (id int64, err error) {
	r.ID = r.Time.UnixNano()
	return r.ID, s.append(beginLine{r.ID, r.Time, r.Generation, r.From, r.Verb, r.UID, r.For})
}

// End writes down how it went.
func (s *Store) End(id int64, outcome string, ok bool, took time.Duration) error {
	return s.append(endLine{ID: id, Outcome: outcome, OK: ok, Seconds: took.Seconds()})
}

// Void writes down that nothing came of it.
func (s *Store) Void(id int64, outcome string) error {
	return s.append(endLine{ID: id, Outcome: outcome, Void: true})
}

func (s *Store) append(line any) error {
	text, err := json.Marshal(line)
	if err == nil {
		err = s.appendLine(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("cannot write history: %w", err)
	}
	return nil
}

func (s *Store) appendLine(text []byte) error {
	if info, err := os.Stat(s.history()); err == nil && info.Size() > maxHistory {
		if err := s.rename(s.history(), s.history()+".1"); err != nil {
			return err
		}
	}
	if err := s.before("append", s.history()); err != nil {
		return err
	}
	if err := s.appendTo(s.history(), text); err != nil {
		return err
	}
	return errors.Join(s.sync(s.history()), s.sync(s.dir))
}

func (s *Store) appendTo(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	last := []byte{'\n'}
	if info.Size() > 0 {
		if _, err := f.ReadAt(last, info.Size()-1); err != nil {
			return err
		}
	}
	if last[0] != '\n' { // half a line that a power cut left
		text = append([]byte{'\n'}, text...)
	}
	if _, err := f.Write(text); err != nil {
		return errors.Join(err, f.Truncate(info.Size())) // no room for the rest of it
	}
	return nil
}

// History is what was deployed, the oldest first. Lines that cannot be understood are
// left out.
func (s *Store) History() ([]Record, error) {
	var lines []byte
	for _, name := range []string{s.history() + ".1", s.history()} {
		text, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot read history: %w", err)
		}
		lines = append(append(lines, text...), '\n')
	}
	return parseHistory(lines), nil
}

// parseHistory makes records of their lines.
func parseHistory(lines []byte) []Record {
	var records []Record
	index := map[int64]int{}
	for line := range bytes.Lines(lines) {
		var r Record
		if json.Unmarshal(line, &r) != nil || r.ID == 0 {
			continue
		}
		switch at, known := index[r.ID]; {
		case known:
			records[at].Outcome, records[at].OK, records[at].Seconds, records[at].Void = r.Outcome, r.OK, r.Seconds, r.Void
		case Valid(r.Generation):
			index[r.ID] = len(records)
			records = append(records, r)
		}
	}
	return records
}

// Recent is the generations in history, each once, the one that was deployed last
// first.
func Recent(history []Record) []string {
	var all []string
	for _, r := range slices.Backward(history) {
		if !r.Void && !slices.Contains(all, r.Generation) {
			all = append(all, r.Generation)
		}
	}
	return all
}

// Previous is the generation that a rollback goes back to, "" if there is none. What
// was rolled back is not gone back to: after deploys of A, B and C the first rollback
// leads to B, and the second one to A.
func Previous(history []Record) string {
	var stack []string
	for _, r := range history {
		at := lastIndex(stack, r.Generation)
		switch {
		case r.Void:
		case r.Verb == VerbRollback && at >= 0:
			stack = stack[:at+1]
		case at < 0 || at != len(stack)-1:
			stack = append(stack, r.Generation)
		}
	}
	if len(stack) < 2 {
		return ""
	}
	return stack[len(stack)-2]
}

func lastIndex(all []string, one string) int {
	for i, s := range slices.Backward(all) {
		if s == one {
			return i
		}
	}
	return -1
}
