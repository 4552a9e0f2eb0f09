package zmq

import (
	"os"
	"runtime"
	"testing"
)

// Sockets come and go: goroutines and file descriptors do not pile up. Not parallel, since it counts.
func TestChurnLeavesNothing(t *testing.T) {
	b := startBroker(t, BrokerOptions{})
	pull, err := BindPull("tcp://127.0.0.1:0", Options{}, func(Message) {})
	check(t, err)
	defer pull.Close()
	churn := func() {
		n := startNode(t, b, Options{})
		check(t, n.sub.Subscribe("t"))
		n.ready(t)
		check(t, n.pub.Send(message("t", "x")))
		push, err := ConnectPush([]string{pull.Endpoint(), "ipc:///nonexistent/socket"}, Options{})
		check(t, err)
		check(t, push.Send(message("log-write")))
		check(t, push.Close())
		n.close()
		nc := rawDial(t, b.XPubEndpoint())
		nc.Close()
	}
	settled := func() bool {
		return len(b.subs.current())+len(b.pubs.current())+len(pull.in.current()) == 0
	}
	churn()
	eventually(t, "the first round to end", settled)
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 100 {
		churn()
	}
	eventually(t, "goroutines back to the start", func() bool { return runtime.NumGoroutine() <= goroutines })
	eventually(t, "files back to the start", func() bool { return settled() && openFiles(t) <= files })
	if b.table.routes.len() != 0 || len(b.table.publishers) != 0 {
		t.Errorf("%d routes and %d publishers left", b.table.routes.len(), len(b.table.publishers))
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc/self/fd to count in: ", err)
	}
	return len(entries)
}
