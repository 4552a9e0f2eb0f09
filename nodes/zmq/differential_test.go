package zmq

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The same random history of libzmq nodes on libzmq's zmq_proxy and on our broker: every node must see the same
// subscriptions and the same messages in the same order (spec: zmq4 6, "Z1").
func TestDifferential(t *testing.T) {
	t.Parallel()
	python := interpreter(t)
	for seed := range 4 {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			proxy := startLibzmq(t, "proxy")
			b := startBroker(t, BrokerOptions{})
			want := history(t, python, seed, proxy.word(t, "xsub"), proxy.word(t, "xpub"))
			got := history(t, python, seed, b.XSubEndpoint(), b.XPubEndpoint())
			if len(want) < 100 {
				t.Fatalf("only %d lines of history", len(want))
			}
			for i := range min(len(want), len(got)) {
				if got[i] != want[i] {
					t.Fatalf("line %d differs:\nours   %s\nlibzmq %s\nafter\n%s", i, got[i], want[i],
						strings.Join(want[max(0, i-10):i], "\n"))
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d lines, want %d", len(got), len(want))
			}
		})
	}
}

func history(t *testing.T, python string, seed int, xsub, xpub string) []string {
	t.Helper()
	const steps = 200
	cmd := exec.Command(python, "testdata/differential.py", fmt.Sprint(seed), fmt.Sprint(steps), xsub, xpub)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	check(t, err)
	return strings.Split(string(out), "\n")
}
