package sqlite

import (
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"zctl/nodes/store"
)

// What can be wrong with a file; told apart by errors.Is. A full disk is
// unix.ENOSPC.
var (
	// ErrCorrupt: the file is no database, is damaged, or holds what does not
	// decode.
	ErrCorrupt = errors.New("the file is damaged")
	// ErrForeign: it is a database, but no store's.
	ErrForeign = errors.New("the file is not a store")
	// ErrLocked: another master has it open, or another program reads it.
	ErrLocked = errors.New("the file is open elsewhere")
	// ErrNoAccess: the file or its directory cannot be written, or is none.
	ErrNoAccess = errors.New("no access to the file")
)

// explain says in our words what SQLite reports: what it means and what to do.
func explain(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return store.ErrClosed
	}
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff { // the rest are details
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return fmt.Errorf("%w: %w; restore it from a backup, or set failure_mode to DELETE to begin with an empty one", ErrCorrupt, err)
	case lib.SQLITE_TOOBIG:
		return fmt.Errorf("%w: something in it is larger than a store takes: %w", ErrCorrupt, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w; a store has one master, stop the other one", ErrLocked, err)
	case lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return fmt.Errorf("%w: %w; its directory must be writable, too", ErrNoAccess, err)
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: %w; make room", unix.ENOSPC, err)
	}
	return err
}
