package nodes

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"zctl/nodes/event"
	"zctl/nodes/table"
)

// The beginning of an event of changes of the table Scan::hosts by the node "zeek-1" at
// 2000-01-01 (spec: wire 2.1, 4.4).
const (
	began        = "090d234ccf52430000"
	changesBegin = "0e03" + "020000000000000001" + "020000000000000001" + "0e02" +
		"051b436c75737465723a3a7461626c655f6368616e67655f696e666f73" + // Cluster::table_change_infos
		"0e02" + "0e03" + "050b5363616e3a3a686f737473" + began + "05067a65656b2d31"
	newChange     = "0e05" + "0b115441424c455f454c454d454e545f4e4557" + began
	expiredChange = "0e05" + "0b155441424c455f454c454d454e545f45585049524544" + began
	indexHost     = "0e01" + "0600000000000000000000ffff0a0000" // 10.0.0., and a byte
)

// TestTableOverZeroMQ: nodes on a real bus share a table with each other and with somebody
// on libzmq who does what Zeek does.
func TestTableOverZeroMQ(t *testing.T) {
	t.Parallel()
	interpreter := python(t)
	c := newCluster(t, "")
	tables := map[string]*table.Table[netip.Addr, uint64]{}
	for _, name := range []string{"manager", "worker-1"} {
		c.start(name)
		hosts, err := table.New(c.nodes[name].Cluster, "Scan::hosts", table.Options[netip.Addr, uint64]{})
		if err != nil {
			t.Fatal(err)
		}
		tables[name] = hosts
	}
	cmd := exec.Command(interpreter, "testdata/libzmq_table.py", "zeek-1", c.nodes["manager"].backend.ConnectXSub, c.nodes["manager"].backend.ConnectXPub)
	zeek := startLines(t, cmd)
	zeek.expect(t, "ready")
	say := func(changes string) {
		t.Helper()
		if _, err := fmt.Fprintln(zeek.stdin, "zeek/table/Scan::hosts/", changesBegin+changes); err != nil {
			t.Fatal(err)
		}
	}
	everybodyHas := func(want map[netip.Addr]uint64) {
		t.Helper()
		for name, hosts := range tables {
			await(t, fmt.Sprintf("%s has %v", name, want), func() bool { return maps.Equal(maps.Collect(hosts.All()), want) })
		}
	}
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	say("0e02" + newChange + indexHost + "01" + "020000000000000007" + "00" + newChange + indexHost + "02" + "020000000000000008" + "00")
	everybodyHas(map[netip.Addr]uint64{a: 7, b: 8})
	say("0e01" + expiredChange + indexHost + "02" + "020000000000000008" + "00")
	everybodyHas(map[netip.Addr]uint64{a: 7})

	if err := tables["worker-1"].Put(a, 9); err != nil {
		t.Fatal(err)
	}
	everybodyHas(map[netip.Addr]uint64{a: 9})
	line := zeek.line(t)
	parts := strings.Fields(line)
	if len(parts) != 4 || parts[0] != "zeek/table/Scan::hosts/" || parts[1] != c.nodes["worker-1"].NodeID() || parts[2] != event.FormatBin {
		t.Fatalf("heard %s", line)
	}
	payload, err := hex.DecodeString(parts[3])
	if err != nil {
		t.Fatal(err)
	}
	ev, err := event.Decode(event.FormatBin, payload)
	if err != nil || !strings.Contains(ev.String(), "TABLE_ELEMENT_CHANGED") || !strings.HasSuffix(ev.String(), ", [10.0.0.1], 9, 7]])") {
		t.Errorf("heard %v, %v", ev, err)
	}
}
