package cluster

import (
	"context"
	"slices"
	"strings"
	"testing"

	"zctl/layoutgen"
)

// TestConventions holds the topics against those of the spec (cluster-framework 1.1,
// 1.5, 1.7).
func TestConventions(t *testing.T) {
	t.Parallel()
	of := func(x Topics) string {
		topics := append(x.Broadcast(), x.Node("worker-1"), x.NodeID("id"), x.Pool(layoutgen.TypeProxy), x.Pool(layoutgen.TypeWorker), x.Pool(layoutgen.TypeLogger))
		return strings.Join(topics, " ")
	}
	zeromq := "zeek.cluster.logger zeek.cluster.manager zeek.cluster.proxy zeek.cluster.worker zeek.cluster.node.worker-1. zeek.cluster.nodeid.id. " +
		"zeek.cluster.pool.proxy zeek.cluster.pool.worker zeek.cluster.pool.logger"
	if got := of(ZeroMQTopics); got != zeromq {
		t.Errorf("ZeroMQ: %s", got)
	}
	if got, want := of(BrokerTopics), strings.ReplaceAll(strings.ReplaceAll(zeromq, ".", "/"), "worker/1", "worker-1"); got != want {
		t.Errorf("Broker: %s\nwant    %s", got, want)
	}
	if got := of(Topics{}.withDefaults()); got != zeromq {
		t.Errorf("by default: %s", got)
	}
	if got := (Topics{Worker: "w"}).withDefaults(); got.Worker != "w" || got.Proxy != ZeroMQTopics.Proxy {
		t.Errorf("one set: %+v", got)
	}
	for _, typ := range []layoutgen.NodeType{layoutgen.TypeNone, layoutgen.TypeControl} {
		if ZeroMQTopics.Role(typ) != "" || ZeroMQTopics.Pool(typ) != "" || ZeroMQTopics.Pool(layoutgen.TypeManager) != "" {
			t.Errorf("%s has topics", typ)
		}
	}
}

func TestNodeIDInTopic(t *testing.T) {
	t.Parallel()
	long := ZeroMQTopics
	long.Suffix = ".end"
	tests := []struct {
		topics    Topics
		topic, id string
		ok        bool
	}{
		{ZeroMQTopics, "zeek.cluster.nodeid.x.y.", "x.y", true},
		{ZeroMQTopics, "zeek.cluster.nodeid.x", "", true}, // a byte is cut, whatever it is
		{ZeroMQTopics, "zeek.cluster.nodeid.", "", false},
		{ZeroMQTopics, "zeek/cluster/nodeid/x/", "", false},
		{BrokerTopics, "zeek/cluster/nodeid/x/", "x", true},
		{long, "zeek.cluster.nodeid.x.end", "x", true},
		{long, "zeek.cluster.nodeid.x", "", false},
	}
	for _, test := range tests {
		if id, ok := test.topics.nodeID(test.topic); id != test.id || ok != test.ok {
			t.Errorf("%s: %q %v", test.topic, id, ok)
		}
	}
}

// TestTranslate: every topic of every convention has a name in the others, and there
// and back again is the same.
func TestTranslate(t *testing.T) {
	t.Parallel()
	tests := []struct{ old, zeromq, broker string }{
		{"bro/cluster/worker", "zeek.cluster.worker", "zeek/cluster/worker"},
		{"zeek/cluster/manager", "zeek.cluster.manager", "zeek/cluster/manager"},
		{"zeek.cluster.logger", "zeek.cluster.logger", "zeek/cluster/logger"},
		{"bro/cluster/pool/proxy", "zeek.cluster.pool.proxy", "zeek/cluster/pool/proxy"},
		{"bro/cluster/node/worker-1", "zeek.cluster.node.worker-1.", "zeek/cluster/node/worker-1/"},
		{"bro/cluster/nodeid/a#1", "zeek.cluster.nodeid.a#1.", "zeek/cluster/nodeid/a#1/"},
		{"zeek/cluster/node/worker-1/", "zeek.cluster.node.worker-1.", "zeek/cluster/node/worker-1/"},
		{"zeek.cluster.node.worker-1", "zeek.cluster.node.worker-1.", "zeek/cluster/node/worker-1/"},
		{"bro/cluster/node/", "zeek.cluster.node.", "zeek/cluster/node/"},
		{"zeek/cluster/nodeid/", "zeek.cluster.nodeid.", "zeek/cluster/nodeid/"},
		{"bro/control", "zeek/control", "zeek/control"},
		{"bro/logs/x", "zeek/logs/x", "zeek/logs/x"},
		{"bro/cluster/time_machine", "zeek/cluster/time_machine", "zeek/cluster/time_machine"},
		{"bro/mine", "bro/mine", "bro/mine"},
		{"mine", "mine", "mine"}, {"/", "/", "/"}, {"", "", ""},
		{"zeek/supervisor", "zeek/supervisor", "zeek/supervisor"},
	}
	for _, test := range tests {
		if got := ZeroMQTopics.Translate(test.old); got != test.zeromq {
			t.Errorf("%q is %q with ZeroMQ, want %q", test.old, got, test.zeromq)
		}
		if got := BrokerTopics.Translate(test.old); got != test.broker {
			t.Errorf("%q is %q with Broker, want %q", test.old, got, test.broker)
		}
		if got := ZeroMQTopics.Translate(test.broker); got != test.zeromq {
			t.Errorf("%q is %q with ZeroMQ, want %q", test.broker, got, test.zeromq)
		}
	}
}

// TestOtherTopics: a cluster whose topics are called otherwise is one like any other.
func TestOtherTopics(t *testing.T) {
	t.Parallel()
	mine := BrokerTopics
	mine.Worker = "mine"
	bus := NewBus()
	var seen lines
	use := func(o *Options) { o.Topics = mine }
	manager, worker := newNode(t, "manager", use), newNode(t, "worker-1", use)
	mustHandle(t, worker, "M::ev", func(ctx context.Context, to string) { seen.add("%s", to) })
	manager.run(t, bus)
	worker.run(t, bus)
	await(t, "the worker to be up", func() bool { return manager.ActiveNodeCount(layoutgen.TypeWorker) == 1 })
	pool, err := manager.HRWTopic(manager.WorkerPool(), "key")
	if err != nil || pool != "zeek/cluster/node/worker-1/" || pool != manager.NodeTopic("worker-1") {
		t.Errorf("responsible is %q, %v", pool, err)
	}
	topics := []string{"mine", "zeek/cluster/pool/worker", pool, manager.NodeIDTopic(worker.NodeID()), NodeTopic("worker-1"), "zeek.cluster.worker"}
	for _, topic := range topics {
		if err := manager.Publish(soon(t), topic, "M::ev", topic); err != nil {
			t.Fatal(err)
		}
	}
	if err := manager.Publish(soon(t), pool, "M::ev", "end"); err != nil {
		t.Fatal(err)
	}
	seen.await(t, append(slices.Clone(topics[:4]), "end")...)
}
