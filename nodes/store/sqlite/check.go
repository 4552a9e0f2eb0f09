package sqlite

import (
	"context"
	"fmt"
)

// checkIntegrity has SQLite read the whole file.
func (b *Backend) checkIntegrity(ctx context.Context) error {
	var first string
	if err := b.conn.QueryRowContext(ctx, "pragma integrity_check(1)").Scan(&first); err != nil {
		return err
	}
	if first != "ok" {
		return fmt.Errorf("%w: integrity_check says: %s", ErrCorrupt, first)
	}
	return nil
}
