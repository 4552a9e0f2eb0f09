package table

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"zctl/nodes/event"
)

// The beginning of every event of changes, from spec: wire 2.1 and 4.4, and the moment
// at which a bubble begins, 2000-01-01 00:00:00 UTC, as a time.
const (
	envelope = "0e03 02 0000000000000001 02 0000000000000001 0e02 051b 436c75737465723a3a7461626c655f6368616e67655f696e666f73 0e02 "
	began    = "09 0d234ccf52430000 "
	self     = "05 0d 69642d6f662d6d616e61676572 " // "id-of-manager"
)

// TestWire: what is published is, byte for byte, what Zeek publishes (spec: wire 4.4).
func TestWire(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		hosts := newTable(r, "manager", "M::hosts", Options[netip.Addr, uint64]{MaxBatchSize: -1})
		type flow struct {
			Host netip.Addr
			Port event.Port
		}
		flows := newTable(r, "manager", "flows", Options[flow, struct{}]{MaxBatchSize: -1})
		type login struct {
			User  string
			Tries *uint64
		}
		logins := newTable(r, "manager", "M::l", Options[string, login]{MaxBatchSize: -1})
		ear, _ := r.listen()
		r.run("manager")

		host := netip.MustParseAddr("192.168.1.20")
		const address = "06 00000000000000000000ffffc0a80114 "
		header := "0e03 0508 4d3a3a686f737473 " + began + self
		for _, step := range []struct {
			what, topic, want string
			do                func()
		}{
			{"new", "zeek/table/M::hosts/", header +
				"0e01 0e05 0b11 5441424c455f454c454d454e545f4e4557 " + began + "0e01 " + address + "02 0000000000000001 00",
				func() { put(r, hosts, host, 1) }},
			{"changed", "zeek/table/M::hosts/", header +
				"0e01 0e05 0b15 5441424c455f454c454d454e545f4348414e474544 " + began + "0e01 " + address + "02 0000000000000002 02 0000000000000001",
				func() { put(r, hosts, host, 2) }},
			{"removed", "zeek/table/M::hosts/", header +
				"0e01 0e05 0b15 5441424c455f454c454d454e545f52454d4f564544 " + began + "0e01 " + address + "02 0000000000000002 00",
				func() { drop(r, hosts, host) }},
			{"a set of two types, of the global module", "zeek/table/flows/", "0e03 0505 666c6f7773 " + began + self +
				"0e01 0e05 0b11 5441424c455f454c454d454e545f4e4557 " + began + "0e02 " + address + "08 01bb 01 00 00",
				func() { put(r, flows, flow{host, event.Port{Number: 443, Protocol: event.TCP}}, struct{}{}) }},
			{"a record with a field that is not set", "zeek/table/M::l/", "0e03 0504 4d3a3a6c " + began + self +
				"0e01 0e05 0b11 5441424c455f454c454d454e545f4e4557 " + began + "0e01 0501 61 0e02 0501 78 00 00",
				func() { put(r, logins, "a", login{User: "x"}) }},
		} {
			step.do()
			r.settle()
			all := ear.taken()
			if len(all) != 1 {
				t.Fatalf("%s: %d events", step.what, len(all))
			}
			want, err := hex.DecodeString(strings.ReplaceAll(envelope+step.want, " ", ""))
			if err != nil {
				t.Fatal(step.what, err)
			}
			m := all[0]
			if m.topic != step.topic || m.sender != "id-of-manager" || m.format != event.FormatBin {
				t.Errorf("%s: message %q %q %q", step.what, m.topic, m.sender, m.format)
			}
			if string(m.payload) != string(want) {
				t.Errorf("%s:\n got %x\nwant %x", step.what, m.payload, want)
			}
		}
	})
}
