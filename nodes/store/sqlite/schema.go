package sqlite

import (
	"context"
	"fmt"
	"strings"
)

// version is that of the tables, in table meta under "zctl_version".
const version = "1"

// ours is what a store's file holds: Broker's two tables (spec: cluster-framework
// 2.3) and how far each writer has come.
var ours = []struct{ name, columns string }{
	{"meta", "key text primary key, value text"},
	{"store", "key blob primary key, value blob, expiry integer"},
	{"zctl_session", "writer text primary key, seq integer"},
}

// setUpTables checks the tables that there are and makes those that are
// missing. It always writes, so that a file that cannot be written is told at
// once.
func (b *Backend) setUpTables(ctx context.Context) error {
	return b.transact(ctx, func() error {
		there, err := b.tables(ctx)
		if err != nil {
			return err
		}
		for _, table := range ours {
			if !there[table.name] {
				err = b.exec(ctx, "create table "+table.name+"("+table.columns+")")
			} else {
				err = b.checkColumns(ctx, table.name, table.columns)
			}
			if err != nil {
				return err
			}
		}
		return b.setVersion(ctx)
	})
}

// tables is those of ours that the file has. It is an error if it has anything
// else: SQL that would run, or, without any of ours, another program's data.
func (b *Backend) tables(ctx context.Context) (map[string]bool, error) {
	rows, err := b.conn.QueryContext(ctx, "select type, name, rootpage from sqlite_schema")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	there := map[string]bool{}
	others := ""
	for rows.Next() {
		var kind, name string
		var page int64
		if err := rows.Scan(&kind, &name, &page); err != nil {
			return nil, err
		}
		isOurs := false
		for _, table := range ours {
			isOurs = isOurs || table.name == name
		}
		switch {
		case kind == "trigger" || kind == "view" || isOurs && (kind != "table" || page == 0):
			return nil, fmt.Errorf("%w: %s %q is more than a store has", ErrForeign, kind, name)
		case isOurs:
			there[name] = true
		case kind == "table":
			others = name
		}
	}
	if others != "" && !there["store"] {
		return nil, fmt.Errorf("%w: it has a table %q, but none called store", ErrForeign, others)
	}
	return there, rows.Err()
}

// checkColumns compares a table's columns and their types to what they should be.
func (b *Backend) checkColumns(ctx context.Context, table, want string) error {
	rows, err := b.conn.QueryContext(ctx, "select name, type, pk from pragma_table_info(?)", table)
	if err != nil {
		return err
	}
	defer rows.Close()
	var columns []string
	for rows.Next() {
		var name, kind string
		var primary int
		if err := rows.Scan(&name, &kind, &primary); err != nil {
			return err
		}
		column := name + " " + strings.ToLower(kind)
		if primary != 0 {
			column += " primary key"
		}
		columns = append(columns, column)
	}
	if got := strings.Join(columns, ", "); got != want {
		return fmt.Errorf("%w: its table %s has the columns (%s), a store has (%s)", ErrForeign, table, got, want)
	}
	return rows.Err()
}

func (b *Backend) setVersion(ctx context.Context) error {
	const key = "zctl_version"
	if err := b.exec(ctx, "insert or ignore into meta values('"+key+"', '"+version+"')"); err != nil {
		return err
	}
	var got string
	if err := b.conn.QueryRowContext(ctx, "select value from meta where key = ?", key).Scan(&got); err != nil {
		return err
	}
	if got != version {
		return fmt.Errorf("%w: its version is %q, and this program knows %s; a newer one wrote it", ErrForeign, got, version)
	}
	return b.exec(ctx, "update meta set value = value where key = '"+key+"'")
}
