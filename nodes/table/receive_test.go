package table

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"zctl/nodes/event"
)

// info is a change as Zeek sends it.
type info struct {
	Change   event.Enum
	TS       time.Time
	Index    []any
	Value    any
	Previous any
}

var then = time.Unix(1700000000, 0)

func header(id string) Header { return Header{id, then, "id-of-zeek"} }

// TestReceive: what Zeek publishes, and what nobody should.
func TestReceive(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		tbl := newTable(r, "manager", "M::t", Options[string, uint64]{})
		set := newTable(r, "manager", "M::s", Options[struct {
			Host netip.Addr
			Name string
		}, struct{}]{})
		_, zeek := r.listen()
		r.run("manager")
		host := netip.MustParseAddr("10.0.0.1")
		for _, step := range []struct {
			what string
			args []any
			want string // what there is then
			said string // what is warned of, "" for nothing
		}{
			{"entries", []any{header("M::t"), []info{
				{Change: "TABLE_ELEMENT_NEW", Index: []any{"a"}, Value: uint64(1)},
				{Change: "TABLE_ELEMENT_NEW", Index: []any{"b"}, Value: uint64(2)},
				{Change: "TABLE_ELEMENT_CHANGED", Index: []any{"a"}, Value: uint64(3), Previous: uint64(1)},
				{Change: "TABLE_ELEMENT_CHANGED", Index: []any{"c"}, Value: uint64(4)},
			}}, "map[a:3 b:2 c:4]", ""},
			{"what is gone, with and without the value", []any{header("M::t"), []info{
				{Change: "TABLE_ELEMENT_EXPIRED", Index: []any{"a"}},
				{Change: "TABLE_ELEMENT_REMOVED", Index: []any{"b"}, Value: uint64(2)},
				{Change: "TABLE_ELEMENT_REMOVED", Index: []any{"never"}},
			}}, "map[c:4]", ""},
			{"an index of two", []any{header("M::s"), []info{
				{Change: "TABLE_ELEMENT_NEW", Index: []any{host, "x"}},
			}}, "map[c:4]", ""},
			{"a set with a value", []any{header("M::s"), []info{
				{Change: "TABLE_ELEMENT_NEW", Index: []any{host, "y"}, Value: "v"},
			}}, "map[c:4]", "a set has no values"},
			{"some that are wrong", []any{header("M::t"), []info{
				{Change: "TABLE_ELEMENT_NEW", Index: []any{"d"}, Value: 5},
				{Change: "TABLE_ELEMENT_NEW", Index: []any{uint64(7)}, Value: uint64(5)},
				{Change: "TABLE_ELEMENT_NEW", Index: []any{"d", "e"}, Value: uint64(5)},
				{Change: "TABLE_ELEMENT_REMOVED", Index: []any{"c"}, Value: uint64(4), Previous: uint64(3)},
				{Change: "TABLE_ELEMENT_GONE", Index: []any{"c"}},
				{Change: "TABLE_ELEMENT_NEW", Index: []any{"f"}},
				{Change: "TABLE_ELEMENT_NEW", Index: []any{"good"}, Value: uint64(5)},
			}}, "map[c:4 good:5]", "ignoring 6 changes of table M::t by id-of-zeek"},
			{"another table", []any{header("M::other"), []info{{Change: "TABLE_ELEMENT_NEW", Index: []any{"z"}, Value: uint64(1)}}}, "map[c:4 good:5]", ""},
			{"our own id", []any{Header{"M::t", then, "id-of-manager"}, []info{{Change: "TABLE_ELEMENT_NEW", Index: []any{"z"}, Value: uint64(1)}}},
				"map[c:4 good:5]", "with our own node id"},
			{"half an info", []any{header("M::t"), []any{[]any{event.Enum("TABLE_ELEMENT_NEW"), then}}}, "map[c:4 good:5]", "record of 5 fields"},
			{"no header", []any{[]any{"M::t"}, []info{}}, "map[c:4 good:5]", "record of 3 fields"},
			{"no arguments", nil, "map[c:4 good:5]", ""},
			{"arguments of no kind", []any{"M::t", uint64(1)}, "map[c:4 good:5]", ""},
		} {
			before := len(r.said["manager"].String())
			r.say(zeek, "zeek/table/M::t/", changeEvent, step.args...)
			if got := fmt.Sprint(contents(tbl)); got != step.want {
				t.Errorf("%s: %s, want %s", step.what, got, step.want)
			}
			said := r.said["manager"].String()[before:]
			if step.said == "" && said != "" || !strings.Contains(said, step.said) {
				t.Errorf("%s: said %q, want %q", step.what, said, step.said)
			}
			r.pass(time.Minute) // or it would say less
		}
		if got := fmt.Sprint(contents(set)); got != "map[{10.0.0.1 x}:{}]" {
			t.Error(got)
		}
		if s := tbl.Stats(); s.Applied != 8 || s.Refused != 6 {
			t.Errorf("stats %+v", s)
		}
	})
}

// TestPolicy: changes that are not wanted do not happen.
func TestPolicy(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		var asked []string
		tbl := newTable(r, "manager", "M::t", Options[string, uint64]{Policy: func(h Header, changes []Change[string, uint64]) bool {
			asked = append(asked, fmt.Sprint(h.NodeID, len(changes), changes[0].Key))
			return changes[0].Key != "no"
		}})
		_, zeek := r.listen()
		r.run("manager")
		for _, key := range []string{"yes", "no"} {
			r.say(zeek, "zeek/table/M::t/", changeEvent, header("M::t"), []info{
				{Change: "TABLE_ELEMENT_NEW", Index: []any{key}, Value: uint64(1)},
				{Change: "TABLE_ELEMENT_NEW", Index: []any{key + "!"}, Value: uint64(1)},
			})
		}
		put(r, tbl, "own", 1) // nobody's business
		if got := fmt.Sprint(contents(tbl), asked, tbl.Stats()); got != "map[own:1 yes:1 yes!:1] [id-of-zeek2yes id-of-zeek2no] {1 0 2 2 0}" {
			t.Error(got)
		}
	})
}

// TestForward: a manager hands on what workers cannot publish to each other, to itself
// if it subscribes that; nobody else does (spec: cluster-framework 1.14).
func TestForward(t *testing.T) {
	bubble(t, func(r *rig) {
		names := []string{"manager", "worker-1", "worker-2"}
		all := map[string]*Table[string, uint64]{}
		for _, name := range names {
			if err := Forward(r.make(name)); err != nil {
				t.Fatal(err)
			}
			all[name] = newTable(r, name, "M::t", Options[string, uint64]{})
			newTable(r, name, "M::u", Options[string, uint64]{}) // a second one changes nothing
		}
		r.nodes["worker-2"].Subscribe("elsewhere")
		ear, zeek := r.listen()
		r.run(names...)
		change := func(key string) []info {
			return []info{{Change: "TABLE_ELEMENT_NEW", TS: then, Index: []any{key}, Value: uint64(1)}}
		}
		r.say(zeek, "zeek.cluster.manager", forwardEvent, header("M::t"), change("a"), "zeek/table/M::t/")
		r.say(zeek, "zeek.cluster.manager", forwardEvent, header("M::t"), change("b"), "elsewhere/M::t")
		for name, want := range map[string]string{"manager": "map[a:1]", "worker-1": "map[a:1]", "worker-2": "map[a:1 b:1]"} {
			if got := fmt.Sprint(contents(all[name])); got != want {
				t.Errorf("%s has %s, want %s", name, got, want)
			}
		}
		var topics []string
		for _, m := range ear.taken() {
			topics = append(topics, m.sender+" "+m.topic)
			if m.event.Name == changeEvent && !m.event.Args[0].Equal(header("M::t").value()) {
				t.Errorf("header %v", m.event.Args[0])
			}
		}
		want := "[stranger zeek.cluster.manager id-of-manager zeek/table/M::t/ stranger zeek.cluster.manager id-of-manager elsewhere/M::t]"
		if fmt.Sprint(topics) != want {
			t.Errorf("passed %v", topics)
		}
		r.say(zeek, "zeek.cluster.worker", forwardEvent, header("M::t"), change("c"), "zeek/table/M::t/")
		r.say(zeek, "zeek.cluster.manager", forwardEvent, header("M::t"), change("d"), uint64(1))
		if got := ear.taken(); len(got) != 2 || all["manager"].Len() != 1 {
			t.Errorf("passed %v", got)
		}
		if said := r.said["worker-1"].String(); !strings.Contains(said, "only a manager does") {
			t.Errorf("worker-1 said %q", said)
		}
		if said := r.said["manager"].String(); !strings.Contains(said, "expected Cluster::forward_table_change_infos(record, vector, string)") {
			t.Errorf("manager said %q", said)
		}
	})
}
