package tap

import (
	"fmt"
	"slices"
	"testing"

	"zctl/layoutgen"
)

func TestParseNodeID(t *testing.T) {
	t.Parallel()
	names := []string{"my_worker", "my_worker_2", "worker-1"}
	for id, want := range map[string]nodeID{
		"zeromq_worker-1_host_123_Nabc":           {"worker-1", "host", 123},
		"zeromq_worker-1_my_host_123_Nabc":        {"worker-1", "my_host", 123}, // the name is known
		"zeromq_my_worker_host_1_N":               {"my_worker", "host", 1},
		"zeromq_my_worker_2_host_1_N":             {"my_worker_2", "host", 1},
		"zeromq_other_one_host_7_Nx":              {"other_one", "host", 7},
		"zeromq_worker-1_host_123_Na-websocket-0": {"worker-1", "host", 123},
		"zeromq_worker-1_host_x_Nabc":             {},
		"zeromq_worker-1_host_-1_Nabc":            {},
		"zeromq_1_N":                              {},
		"zeromq__host_1_N":                        {},
		"zeromq_":                                 {},
		"node-red":                                {},
		"":                                        {},
	} {
		got, ok := parseNodeID(id, names)
		if ok != (want.name != "") || ok && got != want {
			t.Errorf("%s: %+v, %v", id, got, ok)
		}
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	const id = "zeek.cluster.nodeid."
	topics := []string{
		"", "my.topic", "zeek.cluster.nodeid.", "zeek.zeromq.internal.x.1.", // others'
		"zeek/supervisor", "zeek/table/", "zeek.cluster.manager", "zeek.cluster.pool.worker",
		"zeek.cluster.node.manager.", "zeek.cluster.node.guest_1.",
		id + "zeromq_manager_h_1_Na.", id + "zeromq_worker-1_h_2_Nb.", id + "zeromq_worker-1_h_3_Nc.",
		id + "zeromq_guest_1_h_4_Nd.", id + "something else.",
	}
	layout := &layoutgen.Layout{Nodes: []layoutgen.Node{
		{Name: "manager", Type: layoutgen.TypeManager}, {Name: "worker-1", Type: layoutgen.TypeWorker},
		{Name: "worker-2", Type: layoutgen.TypeWorker}, {Name: "control", Type: layoutgen.TypeControl},
	}}
	present := Look(topics, layout)
	expect(t, present,
		"manager manager up h 1 zeromq_manager_h_1_Na",
		"worker-1 worker duplicate h 2 zeromq_worker-1_h_2_Nb",
		"worker-1 worker duplicate h 3 zeromq_worker-1_h_3_Nc",
		"worker-2 worker missing  0 ",
		"guest_1  stranger h 4 zeromq_guest_1_h_4_Nd",
		"  stranger  0 something else")
	if present.Healthy() {
		t.Error("healthy, with a missing worker")
	}
	if want := []string{"", "my.topic", "zeek.cluster.nodeid.", "zeek.zeromq.internal.x.1."}; !slices.Equal(present.Topics, want) {
		t.Errorf("others %q", present.Topics)
	}
	present = Look(topics[:11], nil)
	expect(t, present, "manager manager up h 1 zeromq_manager_h_1_Na")
	if !present.Healthy() {
		t.Error("not healthy, with nothing to compare with")
	}
	if Look(topics, nil).Healthy() {
		t.Error("healthy, with a duplicate")
	}
	if nobody := Look(nil, nil); len(nobody.Peers) != 0 || nobody.Topics == nil {
		t.Errorf("%+v", nobody)
	}
}

func expect(t *testing.T, present Present, want ...string) {
	t.Helper()
	var got []string
	for _, p := range present.Peers {
		got = append(got, fmt.Sprint(p.Name, " ", p.Type, " ", p.State, " ", p.Host, " ", p.PID, " ", p.ID))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
