package zmq

import (
	"fmt"
	"net"
	"testing"
	"time"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	var r refusals
	now := time.Now()
	port := 1000
	tell := func(host, reason string, wantRepeated int, wantWorth bool) {
		t.Helper()
		port++ // another one each time, as with real clients
		repeated, worth := r.tell(&net.TCPAddr{IP: net.ParseIP(host), Port: port}, reason, now)
		if repeated != wantRepeated || worth != wantWorth {
			t.Errorf("%s, %s: got %d, %v, want %d, %v", host, reason, repeated, worth, wantRepeated, wantWorth)
		}
	}
	tell("10.0.0.1", "key", 0, true)
	tell("10.0.0.1", "key", 0, false)
	tell("10.0.0.1", "key", 0, false)
	tell("10.0.0.1", "no key", 0, true)
	tell("10.0.0.2", "key", 0, true)
	now = now.Add(refusalsEvery)
	tell("10.0.0.1", "key", 2, true)
	tell("10.0.0.1", "key", 0, false)
	for i := range 10_000 {
		tell("10.0.0.3", fmt.Sprint(i), 0, true)
	}
	if len(r.seen) > maxRefusals {
		t.Errorf("remembers %d", len(r.seen))
	}
	if _, worth := r.tell(&net.UnixAddr{Name: "@", Net: "unix"}, "key", now); !worth {
		t.Error("a local process is not worth a line")
	}
}
