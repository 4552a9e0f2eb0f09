package layoutgen

import (
	"bufio"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestRoundTrip: what we render we read back, all that the file carries.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		"",
		"[workers]\ncount = 300\n[cluster]\naddress = '2001:db8::7'\nmetrics_address = '::1'",
		"[loggers]\ncount = 0\n[cluster]\nmetrics_port = 0",
		"[broker]\nxpub_port = 6000\nxsub_port = 7000\n[loggers]\ncount = 3",
		"[broker]\nprocess = 'own'",
	} {
		c, err := Parse("zctl.toml", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		l := c.Layout()
		got, err := ParseLayout(l.Zeek())
		if err != nil {
			t.Errorf("%q: %v", doc, err)
			continue
		}
		got.Backend, err = ParseBackend(l.Backend.Zeek())
		if err != nil {
			t.Errorf("%q: %v", doc, err)
		}
		if got.Zeek() != l.Zeek() || got.Backend != l.Backend || !slices.Equal(got.LogEndpoints(), l.LogEndpoints()) {
			t.Errorf("%q: got %.500s\nwant %.500s", doc, got.Zeek(), l.Zeek())
		}
	}
}

// TestParseZeekctl reads every layout that zeekctl was recorded to write.
func TestParseZeekctl(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/zeekctl.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	read := 0
	for lines.Scan() {
		var r struct {
			Name   string
			Layout *struct{ File, Text string }
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Layout == nil || r.Layout.File != LayoutFile {
			continue
		}
		read++
		l, err := ParseLayout(r.Layout.Text)
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
			continue
		}
		if want := strings.Count(r.Layout.Text, "$node_type"); len(l.Nodes) != want {
			t.Errorf("%s: %d nodes, want %d", r.Name, len(l.Nodes), want)
		}
		if control := l.Nodes[0]; control.Type != TypeControl || control.Port == 0 {
			t.Errorf("%s: first node is %+v", r.Name, control)
		}
		if len(l.LogEndpoints()) == 0 {
			t.Errorf("%s: nobody takes logs", r.Name)
		}
	}
	if read < 5 {
		t.Errorf("only %d layouts in the recordings", read)
	}
}

// TestParseGenerator reads what Zeek's generator writes.
func TestParseGenerator(t *testing.T) {
	t.Parallel()
	g := Generator{Loggers: 2, Proxies: 1, Workers: []WorkerGroup{{Name: "1", Count: 2}}, Address: "[::1]", Port: 100, MetricsAddress: "0.0.0.0", MetricsPort: 200}
	var b strings.Builder
	if n, err := g.WriteTo(&b); err != nil || int(n) != b.Len() {
		t.Fatal(n, err)
	}
	l, err := ParseLayout(b.String())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(l.Names(), " "), "manager logger-1 logger-2 proxy-1 worker-1-1 worker-1-2"; got != want {
		t.Errorf("names %q, want %q", got, want)
	}
	w, _ := l.Node("worker-1-2")
	if w.Address.String() != "::1" || w.Port != 0 || w.MetricsPort != 205 || w.Manager != "manager" || w.Type != TypeWorker {
		t.Errorf("worker-1-2 is %+v", w)
	}
	if got, want := strings.Join(l.LogEndpoints(), " "), "tcp://[::1]:101 tcp://[::1]:102"; got != want {
		t.Errorf("log endpoints %q, want %q", got, want)
	}
	if l.ManagerIsLogger || l.MetricsAddress != "0.0.0.0" {
		t.Errorf("manager_is_logger %v, metrics address %q", l.ManagerIsLogger, l.MetricsAddress)
	}
}

// TestParseLayout covers the freedoms and the errors of layouts.
func TestParseLayout(t *testing.T) {
	t.Parallel()
	const node = `["manager"] = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=1/tcp]`
	tests := []struct {
		name, text string
		want       string // names of the nodes, or
		err        string // what the error says
	}{
		{"one", "redef Cluster::nodes = {" + node + "};", "manager", ""},
		{"added", "redef Cluster::nodes = {" + node + ",};\nredef Cluster::nodes += {[\"w\"]=[$ip=1.2.3.4,$node_type=WORKER,$zone_id=\"a]\",$x=f([1,2],{3})],};", "manager w", ""},
		{"replaced", "redef Cluster::nodes = {" + node + "};\nredef Cluster::nodes = {};", "", ""},
		{"comments", "# redef Cluster::nodes = oops\nredef Cluster::nodes # here\n+= {\n" + node + " # } \n};", "manager", ""},
		{"other code", "@load x\nmodule Y;\nevent zeek_init() { print \"redef Cluster::nodes = 1\"; }\nredef Cluster::nodes += {" + node + "};", "manager", ""},
		{"hosts", `redef Cluster::hosts += { ["h"] = [$ip=10.1.1.1], };` + "\nredef Cluster::nodes += {[\"w\"]=[$node_type=Cluster::WORKER, $ip=hosts[\"h\"]$ip, $p=0/unknown]};", "w", ""},
		{"time machine", "redef Cluster::nodes = {" + node + `, ["tm"] = [$node_type=Cluster::TIME_MACHINE, $ip=10.0.0.9, $p=47757/tcp]};`, "manager", ""},
		{"time machine without address", "redef Cluster::nodes = {" + node + `, ["tm"] = [$node_type=TIME_MACHINE]};`, "manager", ""},
		{"time machine twice", "redef Cluster::nodes = {[\"tm\"] = [$node_type=TIME_MACHINE],\n[\"tm\"] = [$node_type=TIME_MACHINE]};", "", `2: node "tm" is there twice`},
		{"unknown host", "redef Cluster::nodes += {[\"w\"]=[$node_type=Cluster::WORKER, $ip=hosts[\"h\"]$ip]};", "", `1: no address for host "h"`},
		{"no nodes", "redef Cluster::manager_is_logger = F;", "", "1: no redef of Cluster::nodes"},
		{"empty", "", "", "1: no redef of Cluster::nodes"},
		{"truncated", "redef Cluster::nodes += {\n" + node[:40], "", "2: "},
		{"twice", "redef Cluster::nodes += {" + node + ",\n" + node + "};", "", `2: node "manager" is there twice`},
		{"type", "redef Cluster::nodes += {[\"w\"]=[$node_type=Cluster::WORM]};", "", `1: expected a value of Cluster::NodeType, like Cluster::WORKER, not "Cluster::WORM"`},
		{"no type", "redef Cluster::nodes += {[\"w\"]=[$ip=1.1.1.1]};", "", `1: node "w" has no $node_type`},
		{"no ip", "redef Cluster::nodes += {[\"w\"]=[$node_type=Cluster::WORKER]};", "", `1: node "w" has no $ip`},
		{"host name", "redef Cluster::nodes += {[\"w\"]=[$node_type=Cluster::WORKER,$ip=node1.example.com]};", "", "1: expected an IP address"},
		{"port", "redef Cluster::nodes += {[\"w\"]=[$node_type=Cluster::WORKER,$ip=1.1.1.1,$p=65536/tcp]};", "", "1: expected a port, like 27760/tcp, not \"65536/tcp\""},
		{"negative port", "redef Cluster::nodes += {[\"w\"]=[$node_type=Cluster::WORKER,$ip=1.1.1.1,$p=-1/tcp]};", "", "1: expected a port"},
		{"logger", "redef Cluster::manager_is_logger = maybe;", "", "1: expected T or F, not \"maybe\""},
		{"not a table", "redef Cluster::nodes = 7;", "", `1: expected {, not "7"`},
		{"no name", "redef Cluster::nodes += {[\"\"]=[$node_type=Cluster::WORKER,$ip=1.1.1.1]};", "", "1: a node without a name"},
	}
	for _, test := range tests {
		l, err := ParseLayout(test.text)
		switch {
		case test.err != "":
			if err == nil || !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("%s: error %v, want %q", test.name, err, test.err)
			}
		case err != nil:
			t.Errorf("%s: %v", test.name, err)
		case strings.Join(l.Names(), " ") != test.want:
			t.Errorf("%s: nodes %q, want %q", test.name, l.Names(), test.want)
		}
	}
}

// TestParseBro: layouts of Bro say more than today's, and that is passed over.
func TestParseBro(t *testing.T) {
	t.Parallel()
	l, err := ParseLayout(`# cluster-layout.bro
redef Cluster::nodes = {
	["control"] = [$node_type=Cluster::CONTROL, $ip=10.0.0.1, $zone_id="", $p=47760/tcp],
	["logger"] = [$node_type=Cluster::LOGGER, $ip=10.0.0.1, $zone_id="", $p=47761/tcp],
	["manager"] = [$node_type=Cluster::MANAGER, $ip=10.0.0.1, $zone_id="", $p=47762/tcp, $logger="logger", $workers=set("worker-1", "worker-2"), $proxies=set("proxy-1")],
	["proxy-1"] = [$node_type=Cluster::PROXY, $ip=10.0.0.1, $p=47763/tcp, $logger="logger", $manager="manager", $workers=set("worker-1", "worker-2"),],
	["worker-1"] = [$node_type=Cluster::WORKER, $ip=10.0.0.2, $zone_id="", $p=47764/tcp, $interface="eth0", $logger="logger", $manager="manager", $proxy="proxy-1", $time_machine="time-machine"],
	["worker-2"] = [$node_type=Cluster::WORKER, $ip=[2001:db8::2], $p=47765/tcp, $interface=fmt("eth%d", 1), $workers={"a", "b"}, $manager="manager"],
	["time-machine"] = [$node_type=Cluster::TIME_MACHINE, $ip=10.0.0.3, $p=47757/tcp],
};
redef Cluster::time_machine_topic = "bro/cluster/time_machine";
`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(l.Names(), " "), "control logger manager proxy-1 worker-1 worker-2"; got != want {
		t.Errorf("names %q, want %q", got, want)
	}
	w, _ := l.Node("worker-1")
	if want := (Node{Name: "worker-1", Type: TypeWorker, Address: netip.MustParseAddr("10.0.0.2"), Port: 47764, Manager: "manager"}); !reflect.DeepEqual(w, want) {
		t.Errorf("worker-1 is %+v, want %+v", w, want)
	}
	if again, err := ParseLayout(l.Zeek()); err != nil || !slices.Equal(again.Names(), l.Names()) {
		t.Errorf("as today's layout: %v, %v", again, err)
	}
}

// TestReadBackend: the file stands beside the layout, or Zeek's defaults hold.
func TestReadBackend(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	layout := filepath.Join(dir, LayoutFile)
	if b, err := ReadBackend(layout); err != nil || b != DefaultBackend {
		t.Errorf("without a file: %+v, %v", b, err)
	}
	file := filepath.Join(dir, BackendFile)
	os.WriteFile(file, []byte("redef Cluster::Backend::ZeroMQ::connect_xpub_endpoint = \"ipc:///x\";\nredef Cluster::Backend::ZeroMQ::linger_ms = 5;\n"), 0o644)
	want := DefaultBackend
	want.ConnectXPub = "ipc:///x"
	want.Options.LingerMS = set(5)
	if b, err := ReadBackend(layout); err != nil || b != want {
		t.Errorf("one option: %+v, %v", b, err)
	}
	os.WriteFile(file, []byte("\nredef Cluster::Backend::ZeroMQ::connect_xpub_endpoint = 5;"), 0o644)
	if _, err := ReadBackend(layout); err == nil || !strings.Contains(err.Error(), file+":2: expected a value in quotes") {
		t.Errorf("broken file: %v", err)
	}
	for _, text := range []string{"", "# nothing\n", "redef Cluster::Backend::ZeroMQ::linger_ms = 5;"} {
		os.WriteFile(file, []byte(text), 0o644)
		if b, err := ReadBackend(layout); err == nil || !strings.Contains(err.Error(), file+":1: no redef of an endpoint") {
			t.Errorf("%q: %+v, %v", text, b, err)
		}
	}
	os.Remove(file)
	os.Symlink("nowhere", file)
	if b, err := ReadBackend(layout); err == nil || !strings.Contains(err.Error(), "cannot read endpoints of the broker") {
		t.Errorf("a link to nothing: %+v, %v", b, err)
	}
}

func TestReadLayout(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), LayoutFile)
	if _, err := ReadLayout(file); err == nil || !strings.Contains(err.Error(), "cannot read layout") {
		t.Errorf("no file: %v", err)
	}
	os.WriteFile(file, []byte("redef Cluster::nodes = {\n["), 0o644)
	if _, err := ReadLayout(file); err == nil || !strings.HasPrefix(err.Error(), "cannot use layout: "+file+":2: expected a name in quotes, not the end of the file") {
		t.Errorf("broken file: %v", err)
	}
}

// FuzzParseLayout: no script panics or hangs, and what is accepted renders to
// something that reads back as the same.
func FuzzParseLayout(f *testing.F) {
	f.Add(Default().Layout().Zeek())
	f.Add(Default().Layout().Backend.Zeek())
	f.Add(endpointOnly + "redef Cluster::retry_interval = 1.5 mins; redef Cluster::Backend::ZeroMQ::linger_ms = +1;redef Cluster::event_serializer = Cluster::EVENT_SERIALIZER_BROKER_JSON_V1;")
	f.Add(`redef Cluster::nodes += {["w\"]"]=[$node_type=NONE,$ip=[::1],$x=(]`)
	f.Add(`redef Cluster::hosts += {["h"]=[$ip=::1]}; redef Cluster::nodes = {["a"]=[$ip=hosts["h"]$ip,$node_type=CONTROL]}`)
	f.Fuzz(func(t *testing.T, text string) {
		ParseBackend(text)
		l, err := ParseLayout(text)
		if err != nil || slices.ContainsFunc(l.Names(), func(n string) bool { return strings.ContainsAny(n, "\"\\") }) {
			return
		}
		again, err := ParseLayout(l.Zeek())
		if err != nil {
			t.Fatalf("%v in\n%s", err, l.Zeek())
		}
		if !slices.Equal(again.Names(), l.Names()) || !slices.Equal(again.LogEndpoints(), l.LogEndpoints()) {
			t.Errorf("read back as %q, was %q", again.Names(), l.Names())
		}
	})
}
