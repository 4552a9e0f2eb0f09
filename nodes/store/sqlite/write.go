package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

// statements is what a Write runs, prepared once.
type statements struct {
	put, erase, clear, session, forget *sql.Stmt
}

func (b *Backend) prepare(ctx context.Context) error {
	for _, s := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&b.put, "insert into store values(?, ?, ?) on conflict(key) do update set value = excluded.value, expiry = excluded.expiry"},
		{&b.erase, "delete from store where key = ?"},
		{&b.clear, "delete from store"},
		{&b.session, "insert into zctl_session values(?, ?) on conflict(writer) do update set seq = excluded.seq"},
		{&b.forget, "delete from zctl_session where writer = ?"},
	} {
		var err error
		if *s.to, err = b.conn.PrepareContext(ctx, s.sql); err != nil {
			return err
		}
	}
	return nil
}

func (s *statements) close() error {
	var all []error
	for _, statement := range []*sql.Stmt{s.put, s.erase, s.clear, s.session, s.forget} {
		if statement != nil {
			all = append(all, statement.Close())
		}
	}
	return errors.Join(all...)
}

// Write writes changes and sessions in one transaction. After an error the file
// is as it was; it may be tried again, such as when a full disk (unix.ENOSPC) has
// room again. A context that ends while it is at work is too late.
func (b *Backend) Write(ctx context.Context, changes []store.Change, sessions []store.Session) error {
	if len(changes) == 0 && len(sessions) == 0 {
		return nil
	}
	err := ctx.Err()
	if err == nil {
		err = b.transact(context.Background(), func() error { return b.write(changes, sessions) })
	}
	if err != nil {
		return fmt.Errorf("cannot write store %s: %w", b.path, explain(err))
	}
	return nil
}

// transact runs what do does as a whole or, with an error, not at all.
func (b *Backend) transact(ctx context.Context, do func() error) error {
	if err := b.exec(ctx, "begin immediate"); err != nil {
		return err
	}
	err := do()
	if err == nil {
		err = b.exec(ctx, "commit")
	}
	if err != nil { // what made it necessary may have rolled back already
		_ = b.exec(context.Background(), "rollback")
	}
	return err
}

func (b *Backend) write(changes []store.Change, sessions []store.Session) error {
	for _, change := range changes {
		if err := b.change(change); err != nil {
			return err
		}
	}
	for _, s := range sessions {
		var err error
		if s.Seq == 0 {
			_, err = b.forget.Exec(s.Writer)
		} else {
			_, err = b.session.Exec(s.Writer, int64(s.Seq))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Backend) change(change store.Change) error {
	b.key = change.Key.AppendBin(b.key[:0])
	var err error
	switch change.Kind {
	case store.ChangePut:
		b.value = change.Value.AppendBin(b.value[:0])
		var expiry any
		if !change.Deadline.IsZero() {
			at, _ := event.Timestamp(change.Deadline).Time() // no further than there are nanoseconds for
			expiry = at.UnixNano()
		}
		_, err = b.put.Exec(b.key, b.value, expiry)
	case store.ChangeErase, store.ChangeExpire:
		_, err = b.erase.Exec(b.key)
	case store.ChangeClear:
		_, err = b.clear.Exec()
	default:
		err = fmt.Errorf("change of kind %d is unknown", change.Kind)
	}
	return err
}
