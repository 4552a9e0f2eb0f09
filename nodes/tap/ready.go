package tap

import (
	"context"
	"fmt"
)

// internalTopic is how topics begin that only the visit itself means anything
// by; Zeek's nodes use such ones, too, and ignore those of others (spec: wire 1.7).
func internalTopic(id string) string { return "zeek.zeromq.internal." + id + "." }

// ready waits until all topics are known. A broker tells a new publisher of all
// topics it has, in any order, and then of new ones as they come. So the first of
// our own says that it has taken us in, and one subscribed after that comes round
// behind everything older.
func (v *Visit) ready(ctx context.Context) error {
	for n := 1; ; n += 2 {
		if err := v.round(ctx, n); err != nil {
			return err
		}
		before := v.connection()
		if err := v.round(ctx, n+1); err != nil {
			return err
		}
		if before == v.connection() {
			return nil
		}
	}
}

func (v *Visit) connection() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.epoch
}

func (v *Visit) hears() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.hearing
}

// round subscribes a topic of our own and waits until it has come round.
func (v *Visit) round(ctx context.Context, n int) error {
	topic := fmt.Sprintf("%s%d.", internalTopic(v.id), n)
	if err := v.xsub.Subscribe(topic); err != nil {
		return err
	}
	for {
		v.mu.Lock()
		there, changed := v.own[topic], v.changed
		v.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("not ready to publish: the broker at %s does not show there what is subscribed at %s: %w; do both belong to one broker?",
				v.backend.ConnectXPub, v.backend.ConnectXSub, ctx.Err())
		}
	}
}
