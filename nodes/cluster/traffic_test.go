package cluster

import (
	"fmt"
	"reflect"
	"testing"

	"zctl/nodes/event"
)

func TestTraffic(t *testing.T) {
	t.Parallel()
	for detail, want := range map[TrafficDetail][]Traffic{
		TrafficInfo: nil,
		TrafficVerbose: {
			{Topic: "mine", Event: "A::one", Count: 3},
			{Topic: "zeek.cluster.nodeid.__normalized__", Event: "A::one", Count: 1},
			{Topic: "zeek/cluster/nodeid/__normalized__", Event: "A::one", Count: 1},
		},
		TrafficDebug: {
			{Topic: "mine", Event: "A::one", Count: 3, Bytes: 10 + 11 + 50001, Sizes: []uint64{1, 2, 2, 2, 2, 2, 2, 2}},
			{Topic: "zeek.cluster.nodeid.__normalized__", Event: "A::one", Count: 1, Bytes: 100, Sizes: []uint64{0, 0, 1, 1, 1, 1, 1, 1}},
			{Topic: "zeek/cluster/nodeid/__normalized__", Event: "A::one", Count: 1, Bytes: 100, Sizes: []uint64{0, 0, 1, 1, 1, 1, 1, 1}},
		},
	} {
		counted := Options{CoreMetrics: detail}.withDefaults().newTraffic()
		for _, size := range []int{10, 11, 50001} {
			counted.note("mine", "A::one", size)
		}
		counted.note("zeek.cluster.nodeid.x_1.", "A::one", 100)
		counted.note("zeek/cluster/nodeid/x_1/", "A::one", 100)
		if got := counted.read(); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %+v, want %+v", detail, got, want)
		}
	}
}

// However many topics others make up, what is counted of them is bounded, and none is lost.
func TestTrafficBounded(t *testing.T) {
	t.Parallel()
	counted := Options{CoreMetrics: TrafficVerbose}.withDefaults().newTraffic()
	for i := range 3 * maxTraffic {
		counted.note(fmt.Sprint(i), "A::one", 1)
	}
	got, sum := counted.read(), uint64(0)
	for _, one := range got {
		sum += one.Count
	}
	if len(got) != maxTraffic+1 || sum != 3*maxTraffic {
		t.Errorf("%d counted under %d names", sum, len(got))
	}
}

// What passes over a bus is counted on both sides.
func TestTrafficOfBus(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	debug := func(o *Options) { o.CoreMetrics = TrafficDebug }
	to := newNode(t, "worker-2", debug)
	if err := to.Subscribe("mine"); err != nil {
		t.Fatal(err)
	}
	to.run(t, bus)
	from := newNode(t, "worker-1", debug).run(t, bus)
	count := func(all []Traffic) Traffic {
		for _, one := range all {
			if one.Event == "A::one" {
				return one
			}
		}
		return Traffic{}
	}
	if err := from.Publish(t.Context(), "mine", "A::one", uint64(1)); err != nil {
		t.Fatal(err)
	}
	ev := event.Event{Name: "A::one", Args: []event.Value{event.Count(1)}}
	size := uint64(len(ev.Append(nil)))
	await(t, "an event", func() bool { in, _, _ := to.Traffic(); return count(in).Count == 1 })
	in, _, bounds := to.Traffic()
	_, out, _ := from.Traffic()
	for _, one := range []Traffic{count(in), count(out)} {
		if one.Topic != "mine" || one.Count != 1 || one.Bytes != size || len(one.Sizes) != len(bounds) {
			t.Errorf("got %+v, want a message of %d bytes", one, size)
		}
	}
}
