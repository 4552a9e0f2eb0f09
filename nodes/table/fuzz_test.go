package table

import (
	"net/netip"
	"testing"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// FuzzReceive: whatever somebody publishes, a table stays one, and within its bounds.
func FuzzReceive(f *testing.F) {
	type key struct {
		Host netip.Addr
		Port event.Port
	}
	type value struct {
		Name string
		Nets map[netip.Prefix]struct{}
		Any  event.Value
	}
	c, err := cluster.New(cluster.Options{Node: "manager", NodeID: "id", Layout: layoutgen.Default().Layout()})
	if err != nil {
		f.Fatal(err)
	}
	tbl, err := New(c, "M::t", Options[key, value]{MaxEntries: 3})
	if err != nil {
		f.Fatal(err)
	}
	p := tbl.way.(*publisher[key, value])
	for _, kind := range []event.Enum{"TABLE_ELEMENT_NEW", "TABLE_ELEMENT_CHANGED", "TABLE_ELEMENT_REMOVED", "TABLE_ELEMENT_EXPIRED", "X"} {
		ev, err := cluster.MakeEvent(changeEvent, header("M::t"), []info{
			{Change: kind, TS: then, Index: []any{netip.MustParseAddr("::1"), event.Port{Number: 1}}, Value: value{Name: "x"}, Previous: value{}},
			{Change: kind, TS: then, Index: []any{netip.MustParseAddr("::1"), event.Port{Number: 2}}, Value: value{Name: "x"}},
		}, "to")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(ev.Append(nil))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		ev, err := event.Decode(event.FormatBin, payload)
		if err != nil {
			return
		}
		p.changed(t.Context(), ev)
		p.forwarded(t.Context(), ev)
		for key := range tbl.All() {
			if _, ok := tbl.Get(key); !ok || !key.Host.IsValid() {
				t.Errorf("a key that cannot be found: %v", key)
			}
		}
		if tbl.Len() > 3 {
			t.Errorf("%d entries", tbl.Len())
		}
	})
}
