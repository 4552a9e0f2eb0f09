package cluster

import (
	"strings"
	"testing"
	"time"

	"zctl/nodes/event"
)

// TestParseKey: what people write is the key that a program makes.
func TestParseKey(t *testing.T) {
	t.Parallel()
	vector := func(elems ...any) Key { return mustKey(t, elems) }
	for _, test := range []struct {
		typ, text string
		want      Key
	}{
		{"string", `"a"`, StringKey(`"a"`)},
		{"string", " a ", StringKey(" a ")},
		{"count", "18446744073709551615", mustKey(t, uint64(1<<64-1))},
		{"int", "+1", mustKey(t, 1)},
		{"double", "1e3", mustKey(t, 1000.0)},
		{"double", "1", mustKey(t, 1.0)},
		{"bool", "T", mustKey(t, true)},
		{"addr", "[::1]", mustKey(t, literal(t, "::1"))},
		{"addr", "::ffff:10.0.0.1", mustKey(t, literal(t, "10.0.0.1"))},
		{"subnet", "10.1.2.3/8", mustKey(t, literal(t, "10.0.0.0/8"))},
		{"time", "1500000000.5", mustKey(t, time.Unix(1500000000, 5e8))},
		{"time", "2017-07-14T02:40:00.500Z", mustKey(t, time.Unix(1500000000, 5e8))},
		{"interval", "90 secs", mustKey(t, 90*time.Second)},
		{"Cluster::NodeType", "Cluster::WORKER", EnumKey("Cluster::NodeType", "Cluster::WORKER")},
		{"enum My::Color", "My::RED", EnumKey("My::Color", "My::RED")},
		{"enum transport_proto", "tcp", EnumKey("transport_proto", "tcp")},
		{"vector of count", "[1,2]", vector(uint64(1), uint64(2))},
		{"vector[double]", "[1, 2.5]", vector(1.0, 2.5)},
		{"vector[addr]", "[[::1], 10.0.0.1]", vector(literal(t, "::1"), literal(t, "10.0.0.1"))},
		{"vector[string]", `[a, "b, c", "\"]"]`, vector("a", "b, c", `"]`)},
		{"vector[vector[int]]", "[[1], [2, 3]]", vector([]int{1}, []int{2, 3})},
		{"record{x:int; y:string?}", `[$x=1, $y="a,b"]`, RecordKey(KeyField{Name: "x", Key: mustKey(t, 1)}, KeyField{Name: "y", Key: StringKey("a,b")})},
		{"record{v:vector[count]}", "v=[1,2]", RecordKey(KeyField{Name: "v", Key: vector(uint64(1), uint64(2))})},
		{"record{e:Cluster::NodeType?}", "", RecordKey(KeyField{Name: "e", Key: EnumKey("Cluster::NodeType", "x"), Unset: true})},
	} {
		if got, err := ParseKey(test.typ, test.text); err != nil || got != test.want {
			t.Errorf("%s %s: %+v, %v, want %+v", test.typ, test.text, got, err, test.want)
		}
	}
	empty, err := ParseKey("vector[string]", "[]")
	if err != nil || empty.Digest() == mustKey(t, []string{""}).Digest() {
		t.Errorf("an empty vector is %+v, %v", empty, err)
	}
}

func literal(t *testing.T, s string) event.Value {
	t.Helper()
	v, err := event.ParseLiteral(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestParseKeyErrors: errors say what was expected.
func TestParseKeyErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ typ, text, want string }{
		{"", "a", `cannot use a key of type "": there are string, count, int`},
		{"set[count]", "{1}", "there are string"},
		{"strin", "a", "there are string"},
		{"vector[enum]", "[tcp]", "expected the name of an enum type"},
		{"vector[string", "[]", "there are string"},
		{"record{x}", "x=1", "expected a field like a:count"},
		{"record{x:int;x:int}", "x=1", "field x is there twice"},
		{"record{x:vector[}", "x=1", "brackets or quotes are not closed"},
		{strings.Repeat("vector of ", 50) + "count", "[]", "nested more than 32 deep"},
		{"enum", "My::RED", "the name of the enum type counts"},
		{"My::Color", "", "expected the name of a value"},
		{"count", "-1", `cannot use "-1" as key: expected a count like 42`},
		{"int", "x", "expected an int like -1"},
		{"bool", "true", "expected a bool like T or F"},
		{"double", "", "expected a double"},
		{"addr", "10.0.0.0/8", "expected an addr like 10.0.0.1"},
		{"subnet", "10.0.0.1", "expected a subnet"},
		{"port", "443", "expected a port like 443/tcp"},
		{"time", "yesterday", "expected a time"},
		{"interval", "5", "expected an interval"},
		{"vector[int]", "1", "expected a vector like [1, 2]"},
		{"vector[int]", "[1,]", "element 2: expected an int"},
		{"vector[string]", `["a]`, "brackets or quotes are not closed"},
		{"vector[string]", `["a"b]`, "cannot read literal"},
		{"record{x:int}", "", "field x is missing"},
		{"record{x:int}", "y=1", "expected each field"},
		{"record{x:int}", "x=1,x=1", "expected each field"},
		{"record{x:int}", "x=a", "field x: expected an int"},
	} {
		if k, err := ParseKey(test.typ, test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %s: %+v, %v, want %q", test.typ, test.text, k, err, test.want)
		}
	}
}

// FuzzParseKey: no text panics, and a key that was read can be one.
func FuzzParseKey(f *testing.F) {
	for _, typ := range append(KeyTypes(), "enum", "Cluster::NodeType", "vector[string]", "record{x:int;y:vector of string?}") {
		for _, text := range []string{"1", "T", "10.0.0.1", "10.0.0.0/8", "443/tcp", "1sec", "tcp", `["a", b]`, `[$x=1, $y=["]"]]`} {
			f.Add(typ, text)
		}
	}
	f.Fuzz(func(t *testing.T, typ, text string) {
		key, err := ParseKey(typ, text)
		if err != nil {
			return
		}
		again, err := KeyOf(key)
		if err != nil || again.Digest() != key.Digest() {
			t.Errorf("%s %s: %v", typ, text, err)
		}
		if in, err := VectorKey(key); err != nil || in.Digest() == key.Digest() && !strings.HasPrefix(in.typ, tagVector) {
			t.Errorf("%s %s in a vector: %v", typ, text, err)
		}
	})
}
