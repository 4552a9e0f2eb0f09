package event

import (
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// endpoint, connection and tree are records for tests.
type endpoint struct {
	Host netip.Addr
	Port Port
}

type connection struct {
	UID      string
	Orig     endpoint
	Resp     *endpoint
	_        int // unexported
	Tags     map[string]struct{}
	Counters map[endpoint]uint64
	History  []Enum
}

type tree struct {
	Name string
	Kids []tree
	Up   *tree
}

type topic string

func someConnection() connection {
	orig := endpoint{netip.MustParseAddr("10.0.0.1"), Port{53, UDP}}
	return connection{
		UID: "C1", Orig: orig, Tags: map[string]struct{}{"b": {}, "a": {}},
		Counters: map[endpoint]uint64{orig: 7}, History: []Enum{"A::X"},
	}
}

func ptr[T any](x T) *T { return &x }

// conversions are Go values and what they are to Zeek.
func conversions() []struct {
	goValue   any
	zeek      Value
	signature string
} {
	host := netip.MustParseAddr("10.0.0.1")
	at := time.Unix(1500000000, 5).UTC()
	return []struct {
		goValue   any
		zeek      Value
		signature string
	}{
		{true, Boolean(true), "bool"},
		{-1, Integer(-1), "int"},
		{int8(-128), Integer(-128), "int"},
		{int64(math.MinInt64), Integer(math.MinInt64), "int"},
		{uint(7), Count(7), "count"},
		{uint8(255), Count(255), "count"},
		{uint64(math.MaxUint64), Count(math.MaxUint64), "count"},
		{2.5, Real(2.5), "double"},
		{float32(0.5), Real(0.5), "double"},
		{math.Inf(1), Real(math.Inf(1)), "double"},
		{"text", String("text"), "string"},
		{topic("t"), String("t"), "string"},
		{[]byte("\xff"), String("\xff"), "string"},
		{host, Address(host), "addr"},
		{netip.PrefixFrom(host, 32), Subnet(netip.PrefixFrom(host, 32)), "subnet"},
		{Port{443, TCP}, PortValue(Port{443, TCP}), "port"},
		{Enum("A::B"), EnumValue("A::B"), "enum"},
		{at, Timestamp(at), "time"},
		{time.Second, Timespan(time.Second), "interval"},
		{Count(1), Count(1), "any"},
		{[]string{"a", "b"}, List(String("a"), String("b")), "vector of string"},
		{[2]int{1, 2}, List(Integer(1), Integer(2)), "vector of int"},
		{map[uint64]struct{}{2: {}, 1: {}}, Set(Count(1), Count(2)), "set[count]"},
		{map[string]uint{"a": 1}, Table(Entry{String("a"), Count(1)}), "table[string] of count"},
		{map[endpoint]bool{{host, Port{1, TCP}}: true}, Table(Entry{List(Address(host), PortValue(Port{1, TCP})), Boolean(true)}),
			"table[addr, port] of bool"},
		{ptr("x"), String("x"), "string"},
		{(*string)(nil), None(), "string"},
		{struct{}{}, List(), "record"},
		{[]Value{Count(1), None()}, List(Count(1), None()), "vector of any"},
		{someConnection(), List(
			String("C1"), List(Address(host), PortValue(Port{53, UDP})), None(), Set(String("a"), String("b")),
			Table(Entry{List(Address(host), PortValue(Port{53, UDP})), Count(7)}), List(EnumValue("A::X"))), "record"},
		{tree{"a", []tree{{"b", []tree{}, nil}}, &tree{"c", []tree{}, nil}},
			List(String("a"), List(List(String("b"), List(), None())), List(String("c"), List(), None())), "record"},
	}
}

// TestConversions: Go values become values, and those the same Go values.
func TestConversions(t *testing.T) {
	t.Parallel()
	for _, test := range conversions() {
		typ := reflect.TypeOf(test.goValue)
		v, err := Of(test.goValue)
		if err != nil || !v.Equal(test.zeek) {
			t.Errorf("%#v: %v, %v, want %v", test.goValue, v, err, test.zeek)
		}
		back := reflect.New(typ)
		if err := test.zeek.To(back.Interface()); err != nil {
			t.Errorf("%#v: %v", test.goValue, err)
		}
		convert, err := ConverterTo(typ)
		if err != nil {
			t.Fatal(err)
		}
		converted, err := convert(test.zeek)
		if typ != valueType && err == nil {
			for _, got := range []any{back.Elem().Interface(), converted.Interface()} {
				if !reflect.DeepEqual(got, test.goValue) {
					t.Errorf("got %#v, want %#v", got, test.goValue)
				}
			}
		}
		if got := SignatureOf(typ); got != test.signature || err != nil {
			t.Errorf("%s: signature %s, %v, want %s", typ, got, err, test.signature)
		}
	}
}

// TestOf: Go values that come back as others.
func TestOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		goValue any
		want    Value
	}{
		{nil, None()},
		{(*int)(nil), None()},
		{[]any{1, "x", nil, uint(2), ptr(3)}, List(Integer(1), String("x"), None(), Count(2), Integer(3))},
		{map[any]struct{}{1: {}, "x": {}}, Set(Integer(1), String("x"))},
		{[]string(nil), List()},
		{map[string]int(nil), Table()},
		{map[string]struct{}(nil), Set()},
		{netip.Addr{}, None()},
		{&connection{}, List(String(""), List(None(), PortValue(Port{})), None(), Set(), Table(), List())},
	}
	for _, test := range tests {
		if got, err := Of(test.goValue); err != nil || !got.Equal(test.want) {
			t.Errorf("%#v: %v, %v, want %v", test.goValue, got, err, test.want)
		}
	}
}

// TestOfErrors: what stands for nothing, and what contains itself.
func TestOfErrors(t *testing.T) {
	t.Parallel()
	ring := &tree{}
	ring.Up = ring
	var self any
	self = &self
	tests := []struct {
		goValue any
		want    string
	}{
		{make(chan int), "cannot make a Zeek value of chan int: type chan int stands for no type of Zeek's; use event.Value"},
		{func() {}, "stands for no type of Zeek's"},
		{1i, "type complex128 stands for no type"},
		{struct{ A, B any }{1, make(chan int)}, "field B: type chan int"},
		{[]any{1, []any{uintptr(1)}}, "element 2: element 1: type uintptr"},
		{map[string]any{"a": 1i}, `value of "a": type complex128`},
		{map[any]int{1i: 1}, "key: type complex128"},
		{map[any]struct{}{1i: {}}, "element: type complex128"},
		{struct{ hidden int }{1}, "type struct { hidden int } stands for no type"},
		{ring, "nested more than 64 deep"},
		{self, "nested more than 64 deep"},
	}
	for _, test := range tests {
		if v, err := Of(test.goValue); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%T: %v, %v, want %q", test.goValue, v, err, test.want)
		}
	}
}

// TestToErrors: what does not fit says where, and what was expected.
func TestToErrors(t *testing.T) {
	t.Parallel()
	host := Address(netip.MustParseAddr("10.0.0.1"))
	tests := []struct {
		value Value
		dst   any
		want  string
	}{
		{Count(1), new(int), "cannot convert count to int: expected int, got count"},
		{Integer(1), new(uint64), "expected count, got int"},
		{Count(256), new(uint8), "cannot convert count to uint8: expected count that fits into uint8, got 256"},
		{Integer(-129), new(int8), "expected int that fits into int8, got -129"},
		{Real(1e300), new(float32), "expected double that fits into float32, got 1e+300"},
		{Real(1), new(int), "expected int, got double"},
		{String("A::B"), new(Enum), "expected enum, got string"},
		{EnumValue("A::B"), new(string), "expected string, got enum"},
		{None(), new(string), "expected string, got none"},
		{Timespan(1), new(time.Time), "expected time, got interval"},
		{Subnet(netip.MustParsePrefix("10.0.0.0/8")), new(netip.Addr), "expected addr, got subnet"},
		{Set(), new([]int), "expected vector, got set"},
		{List(), new(map[int]int), "expected table, got vector"},
		{Table(), new(map[int]struct{}), "expected set, got table"},
		{List(Count(1)), new([2]uint), "expected vector of 2 elements, got 1"},
		{List(host), new(endpoint), "expected record of 2 fields, got 1"},
		{Count(1), new(endpoint), "expected record, got count"},
		{List(String("x"), None()), new(endpoint), "cannot convert vector to event.endpoint: field Host: expected addr, got string"},
		{List(host, None()), new(endpoint), "field Port: expected port, got none"},
		{List(List(host, Count(1))), new([]endpoint), "element 1, field Port: expected port, got count"},
		{Set(Count(1), String("x")), new(map[uint]struct{}), `element "x": expected count, got string`},
		{Table(Entry{Count(1), Count(2)}), new(map[string]uint), `key 1: expected string, got count`},
		{Table(Entry{String(strings.Repeat("x", 100)), Count(2)}), new(map[string]int), `value of "` + strings.Repeat("x", 39) + `…: expected int`},
		{Count(1), uint64(0), "cannot convert count to uint64: hand in a pointer"},
		{Count(1), (*uint64)(nil), "cannot convert count to *uint64: hand in a pointer"},
		{Count(1), nil, "cannot convert count to <nil>: hand in a pointer"},
	}
	for _, test := range tests {
		if err := test.value.To(test.dst); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v to %T: %v, want %q", test.value, test.dst, err, test.want)
		}
	}
}

// TestUnfit: Go types that can hold no value are refused before there is one.
func TestUnfit(t *testing.T) {
	t.Parallel()
	type pointers *pointers
	tests := []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[chan int](), "cannot convert to chan int: type chan int stands for no type"},
		{reflect.TypeFor[error](), "type error"},
		{reflect.TypeFor[pointers](), "type event.pointers"},
		{reflect.TypeFor[[]func()](), "type func()"},
		{reflect.TypeFor[map[any]int](), "type map[interface {}]int"},
		{reflect.TypeFor[map[*int]struct{}](), "type map[*int]struct {}"},
		{reflect.TypeFor[map[string]chan int](), "value: type chan int"},
		{reflect.TypeFor[struct{ X struct{ Y uintptr } }](), "field X: field Y: type uintptr"},
		{reflect.TypeFor[struct{ x int }](), "type struct { x int }"},
	}
	for _, test := range tests {
		if _, err := ConverterTo(test.typ); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.typ, err, test.want)
		}
	}
}

// TestConverted: what is put into Go values beyond the obvious.
func TestConverted(t *testing.T) {
	t.Parallel()
	var x any
	if err := List(Count(1)).To(&x); err != nil || !x.(Value).Equal(List(Count(1))) {
		t.Errorf("any: %v, %v", x, err)
	}
	p := ptr("x")
	if err := None().To(&p); err != nil || p != nil {
		t.Errorf("none: %v, %v", p, err)
	}
	var e endpoint
	extra := List(Address(netip.MustParseAddr("::1")), PortValue(Port{1, TCP}), String("a field we do not know"))
	if err := extra.To(&e); err != nil || e.Port.Number != 1 {
		t.Errorf("extra field: %v, %v", e, err)
	}
}

// TestToCopies: what was converted or cloned stays when the payload changes.
func TestToCopies(t *testing.T) {
	t.Parallel()
	payload := Event{Name: "N", Args: []Value{List(String("abc"), EnumValue("A::B")), String("xyz")}}.Append(nil)
	e, err := Decode(FormatBin, payload)
	if err != nil {
		t.Fatal(err)
	}
	var dst struct {
		S string
		E Enum
	}
	var b []byte
	var v Value
	for _, err := range []error{e.Args[0].To(&dst), e.Args[1].To(&b), e.Args[0].To(&v)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	clone := e.Clone()
	before := clone.String()
	clear(payload)
	if dst.S != "abc" || dst.E != "A::B" || string(b) != "xyz" || v.String() != `["abc", A::B]` || clone.String() != before {
		t.Errorf("changed with the payload: %v, %s, %v, %v", dst, b, v, clone)
	}
	if e.Args[1].String() == "xyz" {
		t.Error("decoding copied the payload")
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	err := At("argument 2", List(String("x"), None()).To(new(endpoint)))
	if got := err.Error(); got != "argument 2, field Host: expected addr, got string" {
		t.Errorf("got %s", got)
	}
	if At("argument 2", nil) != nil {
		t.Error("an error out of nothing")
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	type lists []lists
	for typ, want := range map[reflect.Type]string{
		reflect.TypeFor[map[endpoint]struct{}](): "set[addr, port]",
		reflect.TypeFor[[][]*netip.Prefix]():     "vector of vector of subnet",
		reflect.TypeFor[any]():                   "any",
		reflect.TypeFor[tree]():                  "record",
		reflect.TypeFor[chan int]():              "chan int",
		reflect.TypeFor[lists]():                 strings.Repeat("vector of ", 9) + "any",
	} {
		if got := SignatureOf(typ); got != want {
			t.Errorf("%s: got %s, want %s", typ, got, want)
		}
	}
	e := Event{Name: "M::e", Args: []Value{String(""), Set(), None()}}
	if got := e.Signature(); got != "M::e(string, set, none)" {
		t.Errorf("got %s", got)
	}
}
