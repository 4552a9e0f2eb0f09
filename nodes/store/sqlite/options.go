package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Options is Broker's SQLiteOptions. The zero values are its defaults, but for
// the path, which there must be.
type Options struct {
	// Path is the file; [Path] makes it of a store's name. It and its directory
	// are created if missing.
	Path string
	// Synchronous is how often SQLite waits until the disk has it.
	Synchronous Synchronous
	// JournalMode is how a transaction is undone.
	JournalMode JournalMode
	// FailureMode is what becomes of a file that is damaged.
	FailureMode FailureMode
	// IntegrityCheck reads the whole file when it is opened, which takes about a
	// second for each 100 MB.
	IntegrityCheck bool
}

// Synchronous is Broker's SQLITE_SYNCHRONOUS_….
type Synchronous string

// The ways to be synchronous; none of them is SQLite's own, FULL. The package
// comment says what each promises.
const (
	SynchronousOff    Synchronous = "OFF"
	SynchronousNormal Synchronous = "NORMAL"
	SynchronousFull   Synchronous = "FULL"
	SynchronousExtra  Synchronous = "EXTRA"
)

// JournalMode is Broker's SQLITE_JOURNAL_MODE_….
type JournalMode string

// The journal modes; none of them is what the file has, DELETE for a new one.
const (
	JournalDelete JournalMode = "DELETE"
	JournalWAL    JournalMode = "WAL"
)

// FailureMode is Broker's SQLITE_FAILURE_MODE_….
type FailureMode string

// What to do with a damaged file; none of them is FAIL.
const (
	// FailureFail makes it an error.
	FailureFail FailureMode = "FAIL"
	// FailureDelete begins with an empty one. Broker deletes the old one; here it
	// is renamed to end in ".corrupt", of which there is one at a time.
	FailureDelete FailureMode = "DELETE"
)

// Check says what is wrong with options, without a look at the file.
func (o Options) Check() error {
	if o.Path == "" {
		return errors.New("cannot keep a store in a file without a path; set path")
	}
	if strings.ContainsRune(o.Path, 0) {
		return fmt.Errorf("cannot keep a store in %q: a path holds no zero byte", o.Path)
	}
	return errors.Join(
		oneOf("synchronous", o.Synchronous, SynchronousOff, SynchronousNormal, SynchronousFull, SynchronousExtra),
		oneOf("journal_mode", o.JournalMode, JournalDelete, JournalWAL),
		oneOf("failure_mode", o.FailureMode, FailureFail, FailureDelete))
}

func oneOf[T ~string](name string, got T, all ...T) error {
	if got == "" || slices.Contains(all, got) {
		return nil
	}
	return fmt.Errorf("cannot use %s = %q; it is one of %q", name, got, all)
}
