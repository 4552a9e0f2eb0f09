package cluster

import (
	"context"
	"maps"
	"testing"

	"zctl/nodes/event"
)

// Events are counted by the name of what handles them, once each, however many handlers
// there are, and nothing that others make up is counted.
func TestInvocations(t *testing.T) {
	t.Parallel()
	c, err := New(Options{NodeID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	for _, name := range []string{"A::one", "A::one", "A::two", everyEvent} {
		if err := Handle(c, name, func(context.Context, event.Event) { calls++ }); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"A::one", "A::one", "A::three", everyEvent} {
		c.dispatch(t.Context(), Received{Event: event.Event{Name: name}})
	}
	if calls != 8 { // two for each A::one, and each time the handler of all, but for one that has its name
		t.Errorf("%d calls", calls)
	}
	if got, want := c.Invocations(), map[string]uint64{"A::one": 2, "A::two": 0}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
