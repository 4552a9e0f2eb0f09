package event

import (
	"errors"
	"fmt"
)

// MismatchError says that a value and a Go type do not belong together.
type MismatchError struct {
	// Path is where inside the value: "field Host, element 3"; empty for the value
	// itself.
	Path string
	// Want is what the Go type takes, Got what there is; both in Zeek's words.
	Want, Got string
}

func (e *MismatchError) Error() string {
	return located(e.Path, fmt.Sprintf("expected %s, got %s", e.Want, e.Got))
}

func located(path, message string) string {
	if path == "" {
		return message
	}
	return path + ": " + message
}

// At puts a place in front of the path of a mismatch, and of other errors:
// At("argument 2", err) says "argument 2, field Host: expected addr, got
// string".
func At(place string, err error) error {
	var m *MismatchError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &m):
		return fmt.Errorf("%s: %w", place, err)
	}
	at := *m
	at.Path = place
	if m.Path != "" {
		at.Path += ", " + m.Path
	}
	return &at
}

func mismatch(want, got string) error { return &MismatchError{Want: want, Got: got} }

// wrongKind is the mismatch of a value of another kind than wanted.
func (v Value) wrongKind(want string) error { return mismatch(want, v.kind.String()) }
