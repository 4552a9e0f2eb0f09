package nodes

import (
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/control"
	"zctl/nodes/event"
	"zctl/nodes/store"
	"zctl/nodes/telemetry"
	"zctl/nodes/websocket"
)

// samples is what a function hands out, by name and labels.
func samples(read func(emit func(telemetry.Metric))) map[string]float64 {
	got := map[string]float64{}
	read(func(m telemetry.Metric) { got[strings.TrimSpace(m.Name+" "+strings.Join(m.Labels, " "))] = m.Value })
	return got
}

func wantSamples(t *testing.T, got, want map[string]float64) {
	t.Helper()
	for name, value := range want {
		if is, there := got[name]; !there || is != value {
			t.Errorf("%s: got %v (%v), want %v", name, is, there, value)
		}
	}
}

// offline is a node that has not joined anything.
func offline(t *testing.T) *Node {
	t.Helper()
	layout := &layoutgen.Layout{Nodes: []layoutgen.Node{{Name: "worker-1", Type: layoutgen.TypeWorker}}}
	n, err := New(Options{Name: "worker-1", Dir: t.TempDir(), Cluster: cluster.Options{Layout: layout}})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAddMetrics(t *testing.T) {
	t.Parallel()
	n := offline(t)
	for _, name := range []string{"my_alarms_total", "my_errors_total"} {
		n.AddMetrics(func(emit func(telemetry.Metric)) { emit(telemetry.Count(name, "Mine.", 3)) })
	}
	wantSamples(t, samples(n.readMetrics), map[string]float64{"my_alarms_total": 3, "my_errors_total": 3})
}

// What Zeek counts if it is told to debug, a node in Go does, too, with the same labels.
func TestTrafficMetrics(t *testing.T) {
	t.Parallel()
	got := map[string]*telemetry.Histogram{}
	counted := samples(func(emit func(telemetry.Metric)) {
		in := []cluster.Traffic{{Topic: "a", Event: "A::x", Count: 3, Bytes: 70, Sizes: []uint64{1, 3}}}
		out := []cluster.Traffic{{Topic: "b", Event: "B::y", Count: 4}}
		trafficMetrics(func(m telemetry.Metric) { got[m.Name] = m.Histogram; emit(m) }, in, out, []float64{10, 50})
		out[0].Sizes = []uint64{0, 4}
		trafficMetrics(emit, nil, out, []float64{10, 50})
	})
	wantSamples(t, counted, map[string]float64{
		"zeek_cluster_core_verbose_incoming_events_total topic a handler A::x":                   3,
		"zeek_cluster_core_verbose_outgoing_events_total topic b handler B::y":                   4,
		"zeek_cluster_core_debug_incoming_event_sizes topic a handler A::x":                      0,
		"zeek_cluster_core_debug_outgoing_event_sizes topic b handler B::y script_location none": 0,
	})
	want := telemetry.Histogram{Count: 3, Sum: 70, Bounds: []float64{10, 50}, Below: []uint64{1, 3}}
	if h := got["zeek_cluster_core_debug_incoming_event_sizes"]; h == nil || !reflect.DeepEqual(*h, want) {
		t.Errorf("got %+v, want %+v", h, want)
	}
}

// source is a source of packets that can be slow.
type source struct {
	wait  chan struct{}
	calls atomic.Uint64
}

func (s *source) PacketStats() control.Packets {
	<-s.wait
	n := s.calls.Add(1)
	return control.Packets{Received: 10 * n, Dropped: n, Link: 11 * n}
}

// What sources of packets count has Zeek's names. One that does not answer keeps no scrape
// waiting.
func TestPacketMetrics(t *testing.T) {
	t.Parallel()
	n := offline(t)
	if _, there := samples(n.readMetrics)["zeek_net_received_packets_total"]; there {
		t.Error("packets without a source of them")
	}
	s := &source{wait: make(chan struct{}, 1)}
	if err := n.AddPacketSource(s); err != nil {
		t.Fatal(err)
	}
	s.wait <- struct{}{}
	first := map[string]float64{"zeek_net_received_packets_total": 10, "zeek_net_dropped_packets_total": 1, "zeek_net_link_packets_total": 11}
	await(t, "what the source says", func() bool { return samples(n.readMetrics)["zeek_net_received_packets_total"] == 10 })
	scraped := make(chan struct{})
	go func() {
		defer close(scraped)
		for range 2 * patience / packetPatience { // it is asked once, and nobody waits for an answer to that again
			wantSamples(t, samples(n.readMetrics), first)
		}
	}()
	select {
	case <-scraped:
	case <-time.After(patience):
		t.Fatal("each scrape waits for the source")
	}
	close(s.wait)
	await(t, "news of the source", func() bool { return samples(n.readMetrics)["zeek_net_received_packets_total"] > 10 })
}

func TestStoreMetrics(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	n := offline(t)
	n.o.Connect = bus.Connect
	ended := make(chan error, 1)
	go func() { ended <- n.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	await(t, "the bus", n.Joined)
	s, err := store.CreateMaster(n.Cluster, "hosts", store.MasterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(event.String("a"), event.Count(1)).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "a store that is ready", func() bool { return samples(n.readMetrics)["zctl_store_ready store hosts"] == 1 })
	wantSamples(t, samples(n.readMetrics), map[string]float64{
		"zctl_store_info store hosts role master": 1, "zctl_store_entries store hosts": 1, "zctl_store_conflict store hosts": 0,
	})
}

func TestWebSocketMetrics(t *testing.T) {
	t.Parallel()
	got := samples(func(emit func(telemetry.Metric)) {
		websocketMetrics(emit, websocket.Stats{
			Clients: 2, Apps: map[string]websocket.AppStats{"zeekctl": {Incoming: 3, Outgoing: 4}}, Dropped: 5, Malformed: 6, Unsent: 7, Slow: 8, Refused: 9,
			QueueBlocks: map[string]uint64{"WebSocketEventDispatcher:127.0.0.1:27759": 10},
		})
	})
	wantSamples(t, got, map[string]float64{
		"zctl_websocket_clients": 2, "zeek_cluster_websocket_incoming_events_total app zeekctl": 3, "zeek_cluster_websocket_outgoing_events_total app zeekctl": 4,
		"zctl_websocket_drops_total cause server_full": 5, "zctl_websocket_drops_total cause malformed": 6, "zctl_websocket_drops_total cause bus_full": 7,
		"zctl_websocket_slow_clients_total": 8, "zctl_websocket_refused_total": 9,
		"zeek_cluster_onloop_queue_blocks_total tag WebSocketEventDispatcher:127.0.0.1:27759": 10,
	})
}
