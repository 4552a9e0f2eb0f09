package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"zctl/nodes/store"
)

// Backend is an open file. It is used by one goroutine at a time.
type Backend struct {
	path string
	db   *sql.DB
	conn *sql.Conn // the only one
	statements
	key, value []byte // encoded, reused
}

var _ store.Backend = (*Backend)(nil)

// patience is how long a file may be locked by another process: the master
// before this one may still be closing it.
const patience = 5 * time.Second

// largest is how many bytes a row may have, in place of SQLite's 1 GB: more than
// a store takes (see store.ErrTooLarge), so that a hostile file does not take all
// memory.
const largest = 32 << 20

// Open opens the file of a store, or makes it. The errors are those of this
// package. A damaged file is left as it is, unless the failure mode is
// [FailureDelete].
func Open(ctx context.Context, o Options) (*Backend, error) {
	return open(ctx, o, patience)
}

func open(ctx context.Context, o Options, patience time.Duration) (*Backend, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(o.Path)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open store: %w: %w", ErrNoAccess, err)
	}
	o.Path = path
	b, err := try(ctx, o, patience)
	if errors.Is(err, ErrCorrupt) && o.FailureMode == FailureDelete {
		if err := putAside(path); err != nil {
			return nil, fmt.Errorf("cannot begin store %s anew: %w", path, err)
		}
		b, err = try(ctx, o, patience)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open store %s: %w", path, err)
	}
	return b, nil
}

// try opens the file as it is.
func try(ctx context.Context, o Options, patience time.Duration) (*Backend, error) {
	_, _ = driver.Fdatasync(true) // as SQLite does wherever there is one; half the time of fsync
	connector, err := driver.NewConnector(address(o.Path))
	if err != nil {
		return nil, err
	}
	b := &Backend{path: o.Path, db: sql.OpenDB(connector)}
	b.db.SetMaxOpenConns(1)
	if b.conn, err = b.db.Conn(ctx); err == nil {
		err = b.setUp(ctx, o, patience)
	}
	if err != nil {
		return nil, errors.Join(explain(err), b.Close())
	}
	return b, nil
}

// address is a path as the driver takes it, which reads it as a URI.
// With _error_rc messages are those of the error at hand.
func address(path string) string {
	return (&url.URL{Scheme: "file", Path: path, RawQuery: "_error_rc=1&_defensive=1"}).String()
}

// setUp does what is to be done with a file that was opened, which so far has not
// been looked at.
func (b *Backend) setUp(ctx context.Context, o Options, patience time.Duration) error {
	if _, err := driver.Limit(b.conn, lib.SQLITE_LIMIT_LENGTH, largest); err != nil {
		return err
	}
	pragmas := []string{
		fmt.Sprintf("busy_timeout = %d", patience.Milliseconds()),
		"locking_mode = EXCLUSIVE",
		"trusted_schema = OFF",
		"cell_size_check = ON",
		fmt.Sprintf("journal_size_limit = %d", largest),
	}
	if o.Synchronous != "" {
		pragmas = append(pragmas, "synchronous = "+string(o.Synchronous))
	}
	for _, pragma := range pragmas {
		if err := b.exec(ctx, "pragma "+pragma); err != nil {
			return err
		}
	}
	if err := b.setJournal(ctx, o.JournalMode); err != nil {
		return err
	}
	if o.IntegrityCheck {
		if err := b.checkIntegrity(ctx); err != nil {
			return err
		}
	}
	if err := b.setUpTables(ctx); err != nil {
		return err
	}
	if o.IntegrityCheck || o.FailureMode == FailureDelete {
		if err := b.load(ctx, ignore); err != nil {
			return err
		}
	}
	return b.prepare(ctx)
}

// setJournal sets the journal mode, which SQLite answers with what it has set.
func (b *Backend) setJournal(ctx context.Context, mode JournalMode) error {
	if mode == "" {
		return nil
	}
	var set string
	if err := b.conn.QueryRowContext(ctx, "pragma journal_mode = "+string(mode)).Scan(&set); err != nil {
		return err
	}
	if !strings.EqualFold(set, string(mode)) {
		return fmt.Errorf("%w: journal_mode %s is not possible there, only %s", ErrNoAccess, mode, set)
	}
	return nil
}

func (b *Backend) exec(ctx context.Context, command string) error {
	_, err := b.conn.ExecContext(ctx, command)
	return err
}

// Close closes the file, if it is open.
func (b *Backend) Close() error {
	err := b.statements.close()
	if b.conn != nil {
		if closed := b.conn.Close(); !errors.Is(closed, sql.ErrConnDone) {
			err = errors.Join(err, closed)
		}
	}
	if err = errors.Join(err, b.db.Close()); err != nil {
		return fmt.Errorf("cannot close store %s: %w", b.path, explain(err))
	}
	return nil
}
