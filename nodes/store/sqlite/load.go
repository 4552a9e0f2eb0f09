package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

// Load tells all entries. Something that is no entry is [ErrCorrupt].
func (b *Backend) Load(ctx context.Context, each func(key, value event.Value, deadline time.Time) error) error {
	var stopped error
	err := b.load(ctx, func(key, value event.Value, deadline time.Time) error {
		stopped = each(key, value, deadline)
		return stopped
	})
	if err != nil && stopped == nil {
		err = fmt.Errorf("cannot read store %s: %w", b.path, explain(err))
	}
	return err
}

func ignore(event.Value, event.Value, time.Time) error { return nil }

func (b *Backend) load(ctx context.Context, each func(key, value event.Value, deadline time.Time) error) error {
	rows, err := b.conn.QueryContext(ctx, "select key, value, expiry from store")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, value, expiry any
		if err := rows.Scan(&key, &value, &expiry); err != nil {
			return err
		}
		k, v, deadline, err := entry(key, value, expiry)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		if err := each(k, v, deadline); err != nil {
			return err
		}
	}
	return rows.Err()
}

// entry is a row as what it means.
func entry(key, value, expiry any) (k, v event.Value, deadline time.Time, err error) {
	k, err = decode(key)
	if err != nil {
		return k, v, deadline, fmt.Errorf("a key: %w", err)
	}
	if !bytes.Equal(k.AppendBin(nil), key.([]byte)) {
		return k, v, deadline, fmt.Errorf("key %s is not encoded as Broker does, so that it would not be found", k)
	}
	if v, err = decode(value); err != nil {
		return k, v, deadline, fmt.Errorf("the value of key %s: %w", k, err)
	}
	switch ns := expiry.(type) {
	case nil:
	case int64:
		deadline = time.Unix(0, ns)
	default:
		err = fmt.Errorf("the expiry of key %s: expected a number of nanoseconds, got a %T", k, expiry)
	}
	return k, v, deadline, err
}

func decode(column any) (event.Value, error) {
	blob, ok := column.([]byte)
	if !ok {
		return event.Value{}, fmt.Errorf("expected a blob, got a %T", column)
	}
	return event.DecodeValue(blob)
}

// Sessions tells how far each writer has come.
func (b *Backend) Sessions() ([]store.Session, error) {
	sessions, err := b.sessions(context.Background())
	if err != nil {
		return nil, fmt.Errorf("cannot read store %s: %w", b.path, explain(err))
	}
	return sessions, nil
}

func (b *Backend) sessions(ctx context.Context) ([]store.Session, error) {
	rows, err := b.conn.QueryContext(ctx, "select writer, seq from zctl_session")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var sessions []store.Session
	for rows.Next() {
		var writer, seq any
		if err := rows.Scan(&writer, &seq); err != nil {
			return nil, err
		}
		name, isText := writer.(string)
		number, isNumber := seq.(int64)
		if !isText || !isNumber {
			return nil, fmt.Errorf("%w: a session is %T, %T, not a name and a number", ErrCorrupt, writer, seq)
		}
		sessions = append(sessions, store.Session{Writer: name, Seq: uint64(number)})
	}
	return sessions, rows.Err()
}
