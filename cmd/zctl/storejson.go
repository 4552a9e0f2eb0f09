package main

import (
	"encoding/json"
	"io"
	"time"

	"zctl/nodes/event"
)

// storedEntry is what verbs about stores print of an entry as JSON.
type storedEntry struct {
	Time    string          `json:"time,omitempty"`   // when it changed
	Change  string          `json:"change,omitempty"` // put, erase, expire or clear
	Key     json.RawMessage `json:"key,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"`
	Expires string          `json:"expires,omitempty"`
	Done    *bool           `json:"done,omitempty"` // of put and erase: whether it changed anything
}

// typedJSON is a value as JSON, nil for none.
func typedJSON(v event.Value) json.RawMessage {
	if v.IsNone() {
		return nil
	}
	return v.AppendTyped(nil)
}

// stamp is a time as JSON has it, "" for never.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// print prints the entry on a line.
func (e storedEntry) print(w io.Writer) error { return json.NewEncoder(w).Encode(e) }
