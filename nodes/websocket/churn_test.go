package websocket_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/websocket"
)

// Clients that come and go while events stream, in a polite or in a rude way, hear all
// that is published after their ack, are each added and lost once, and leave nothing
// behind.
func TestComeAndGo(t *testing.T) {
	t.Parallel()
	var all happenings
	s := serve(t, all.options(), websocket.ListenOptions{})
	h := s.host(t)
	over := make(chan struct{})
	var streaming, clients sync.WaitGroup
	var next atomic.Uint64 // that is published, or just being so
	streaming.Go(func() {
		for n := uint64(0); ; n++ {
			next.Store(n + 1)
			h.publish("wsv/stream", event.Event{Name: "WSV::n", Args: []event.Value{event.Count(n)}})
			select {
			case <-over:
				return
			case <-time.After(100 * time.Microsecond):
			}
		}
	})
	const workers, rounds = 8, 10
	for worker := range workers {
		clients.Go(func() {
			for round := range rounds {
				c := dial(t, s.addr, path)
				c.subscribe(fmt.Sprintf(`["wsv/stream", "wsv/%d"]`, worker))
				follow(t, c, next.Load())
				if round%2 == 0 {
					c.close(1000, "")
				}
				c.conn.Close()
			}
		})
	}
	clients.Wait()
	close(over)
	streaming.Wait()
	until(t, func() bool { return len(all.all) == 2*workers*rounds && s.Stats().Clients == 0 })
	happened := map[string]int{}
	for range 2 * workers * rounds {
		client, what, _ := strings.Cut(<-all.all, " ")
		happened[client+" "+what[:len("lost")]]++
	}
	for what, times := range happened {
		if times != 1 {
			t.Errorf("%s: %d times", what, times)
		}
	}
}

// follow hears events, and some from next on, none of which may be missing. Those before
// may have been under way to others when the client subscribed.
func follow(t *testing.T, c *rawClient, next uint64) {
	t.Helper()
	for end := next + 20; next < end; {
		_, text := c.next()
		var n uint64
		want := message("wsv/stream", "WSV::n", uint64(0))
		head := want[:len(want)-len("0}]}]}]}")]
		if _, err := fmt.Sscanf(text, head+"%d}]}]}]}", &n); err != nil {
			t.Errorf("got %s: %v", text, err)
			return
		}
		if n > next {
			t.Errorf("got event %d, expected %d", n, next)
		}
		next = max(next, n+1)
	}
}
