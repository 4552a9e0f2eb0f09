package table

import (
	"context"
	"errors"
	"time"

	"zctl/nodes/event"
)

// defaultPublishBatch is Zeek's Cluster::default_publish_table_batch_size.
const defaultPublishBatch = 10000

// publishTo publishes the whole table as entries that are new (spec: cluster-framework
// 1.14). Changes that are made meanwhile come before or behind the entry they are of.
func (p *publisher[K, V]) publishTo(ctx context.Context, topic string, batch int) error {
	if batch < 0 {
		return errors.New("a batch is of 1 entry or more, or 0 for 10000")
	}
	if batch == 0 {
		batch = defaultPublishBatch
	}
	keys := p.keys()
	for len(keys) > 0 {
		n := min(batch, len(keys))
		if err := p.publishEntries(ctx, topic, keys[:n]); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// publishEntries publishes those of the keys that are still there.
func (p *publisher[K, V]) publishEntries(ctx context.Context, topic string, keys []K) error {
	p.write.Lock()
	defer p.write.Unlock()
	if p.closed {
		return ErrClosed
	}
	now := time.Now()
	infos := make([]event.Value, 0, len(keys))
	for _, key := range keys {
		value, ok := p.Get(key)
		index, err := p.codec.index(key)
		if !ok || err != nil {
			continue
		}
		v, err := p.codec.wire(value)
		if err != nil {
			return err
		}
		infos = append(infos, changeInfo{Change: ElementNew.enum(), TS: now, Index: index, Value: v}.value())
	}
	if len(infos) == 0 {
		return nil
	}
	return p.publish(ctx, topic, infos, now)
}

// keys is all keys as they are now.
func (t *Table[K, V]) keys() []K {
	t.mu.RLock()
	defer t.mu.RUnlock()
	keys := make([]K, 0, len(t.entries))
	for key := range t.entries {
		keys = append(keys, key)
	}
	return keys
}
