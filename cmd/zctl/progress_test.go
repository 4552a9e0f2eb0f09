package main

import (
	"strings"
	"testing"

	"zctl/supervisor"
)

// TestProgressSaysWhatCannotBe: what could not be done to a node that runs on is said to
// who waits, and what merely was done is not.
func TestProgressSaysWhatCannotBe(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := newProgress(&out)
	for _, cause := range []string{"limiting it: memory_max none -> 1GiB", "cannot lower memory_max to 1GiB, because the node holds 2GiB; zctl restart worker-1"} {
		p.event(supervisor.Event{Node: "worker-1", Cause: cause})
	}
	p.event(supervisor.Event{Cause: "cannot save state"}) // of the supervisor: its status says so
	if got, want := out.String(), "zctl: worker-1: cannot lower memory_max to 1GiB, because the node holds 2GiB; zctl restart worker-1\n"; got != want {
		t.Errorf("got %q", got)
	}
}
