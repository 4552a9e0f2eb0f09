package tap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/event"
	"zctl/nodes/zmq"
)

// TestUnnoticed: a tap shows on the bus as nothing but subscriptions that no node
// acts on, however it is asked.
func TestUnnoticed(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	v := join(t, b)
	all := listen(t, b, v)
	before := v.Topics()
	tap := listen(t, b, v, "zv.", "zeek.cluster.nodeid.", "zeek.cluster.nodeid.zeromq_w_h_1_Na.", "zeek.zeromq.internal.x.1.")
	got := slices.DeleteFunc(v.Topics(), func(topic string) bool { return slices.Contains(before, topic) })
	if want := []string{"zeek.cluster.nodeid", "zeek.zeromq.internal", "zv."}; !slices.Equal(got, want) {
		t.Errorf("subscribed %q, want %q", got, want)
	}
	// Only what was asked for is shown, although more comes.
	for _, topic := range []string{"zv.a", "zv", "zeek.cluster.nodeid", "zeek.cluster.nodeid.x.", "zeek.zeromq.internal.x.2.", "zv.b"} {
		check(t, v.Publish(topic, "s", event.FormatBin, bin("e")))
	}
	var topics []string
	for _, m := range take(t, tap, 3) {
		topics = append(topics, m.Topic())
	}
	if want := []string{"zv.a", "zeek.cluster.nodeid.x.", "zv.b"}; !slices.Equal(topics, want) {
		t.Errorf("heard %q, want %q", topics, want)
	}
	check(t, tap.Close())
	for _, m := range take(t, all, 6) {
		if m.Sender() != "s" {
			t.Errorf("somebody else published: %s", m.Decode().AppendText(nil))
		}
	}
	eventually(t, "the subscriptions' end", func() bool { return slices.Equal(v.Topics(), before) })
}

// TestSlow: a tap from which nobody takes drops, and holds nobody up.
func TestSlow(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	v := join(t, b)
	slow := listen(t, b, v, "t")
	quick := listen(t, b, v, "")
	const n = maxWaiting + 5000
	payload := bin("e", event.String(strings.Repeat("x", 50)))
	heard := 0
	for sent := 0; heard < n; {
		for burst := 0; burst < 500 && sent < n; burst++ { // fewer than the queues on the way hold
			check(t, v.Publish("t", "s", event.FormatBin, payload))
			sent++
		}
		heard += len(take(t, quick, sent-heard))
	}
	eventually(t, "everything to pass", func() bool { return slow.Counts().Passed == n })
	if got := slow.Counts().Dropped; got != n-maxWaiting {
		t.Errorf("dropped %d, want %d", got, n-maxWaiting)
	}
	if got := len(take(t, slow, maxWaiting)); got != maxWaiting {
		t.Errorf("kept %d, want %d", got, maxWaiting)
	}
	check(t, v.Publish("t", "s", event.FormatBin, payload))
	take(t, slow, 1)
}

// TestBytesAreBounded: few large messages fill the queue, too, but one is always
// taken.
func TestBytesAreBounded(t *testing.T) {
	t.Parallel()
	q := newQueue()
	big := zmq.Message{make([]byte, maxWaitingBytes+1)}
	q.put(big, time.Time{})
	q.put(zmq.Message{{1}}, time.Time{})
	if c := q.count(); c.Passed != 2 || c.Dropped != 1 {
		t.Errorf("%+v", c)
	}
	if got := q.take(context.Background()); len(got) != 1 {
		t.Errorf("took %d", len(got))
	}
	q.put(zmq.Message{{1}}, time.Time{})
	q.close()
	q.put(zmq.Message{{2}}, time.Time{})
	if got := q.take(context.Background()); len(got) != 1 {
		t.Errorf("took %d after the queue was emptied", len(got))
	}
	if got := q.take(context.Background()); len(got) != 0 {
		t.Errorf("took %d after close", len(got))
	}
}

// TestPause: a paused tap is off the bus, and comes back.
func TestPause(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	v := join(t, b)
	tap := listen(t, b, v, "t")
	check(t, tap.Pause())
	eventually(t, "the subscription's end", func() bool { return len(v.Matching("t")) == 0 })
	check(t, tap.Resume())
	eventually(t, "the subscription", func() bool { return len(v.Matching("t")) == 1 })
	check(t, v.Publish("t", "s", event.FormatBin, bin("e")))
	take(t, tap, 1)
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	const nowhere = "tcp://127.0.0.1:1"
	b, other := startBroker(t), startBroker(t)
	tap, err := Open(nowhere, Options{})
	check(t, err)
	defer tap.Close()
	isUnreachable(t, soon(t, "refused", tap.Await), nowhere)
	isUnreachable(t, soon(t, "not compatible", joinOf(layoutgen.Backend{ConnectXSub: b.ConnectXPub, ConnectXPub: b.ConnectXSub})), b.ConnectXSub)
	isUnreachable(t, soon(t, "refused", joinOf(layoutgen.Backend{ConnectXSub: nowhere, ConnectXPub: b.ConnectXPub})), nowhere)
	// Two brokers that know nothing of each other.
	err = soon(t, "do both belong to one broker?", joinOf(layoutgen.Backend{ConnectXSub: other.ConnectXSub, ConnectXPub: b.ConnectXPub}))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("two brokers: %v", err)
	}
	if _, err := Open("nonsense", Options{}); err == nil {
		t.Error("opened nonsense")
	}
	soon(t, "cannot use endpoint", joinOf(layoutgen.Backend{ConnectXSub: b.ConnectXSub}))
}

// soon gives do more and more time until it fails for the right reason.
func soon(t *testing.T, reason string, do func(context.Context) error) error {
	t.Helper()
	for timeout := 50 * time.Millisecond; ; timeout *= 2 {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		err := do(ctx)
		cancel()
		if err == nil || strings.Contains(err.Error(), reason) || timeout > patience {
			if err == nil || timeout > patience {
				t.Errorf("%v says nothing of %s", err, reason)
			}
			return err
		}
	}
}

// joinOf joins a bus for a moment.
func joinOf(b layoutgen.Backend) func(context.Context) error {
	return func(ctx context.Context) error {
		v, err := Join(ctx, b, zmq.Options{})
		if err == nil {
			v.Close()
		}
		return err
	}
}

func isUnreachable(t *testing.T, err error, endpoint string) {
	t.Helper()
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || !strings.Contains(fmt.Sprint(err), endpoint) {
		t.Errorf("%v does not say that %s is unreachable", err, endpoint)
	}
}

// TestAllTakersEnd: several may take, and all of them learn that the tap is closed.
func TestAllTakersEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		var takers sync.WaitGroup
		for range 3 {
			takers.Go(func() { q.take(ctx) })
		}
		synctest.Wait()
		q.close()
		takers.Wait()
		if ctx.Err() != nil {
			t.Error("somebody still waited")
		}
	})
}
