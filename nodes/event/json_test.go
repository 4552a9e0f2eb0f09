package event

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// TestZeekJSON: what we write is Zeek's text where that is valid JSON, and
// valid JSON anyway.
func TestZeekJSON(t *testing.T) {
	t.Parallel()
	invalid := 0
	for _, r := range recordings(t) {
		e, err := Decode(FormatBin, r.bin(t))
		if err != nil {
			t.Fatal(err)
		}
		zeek, ours := r.json(t), e.AppendJSON(nil)
		if !validJSON(ours) {
			t.Errorf("%s: %s is not valid JSON", r.Name, ours)
		}
		if !validJSON(zeek) {
			invalid++
		} else if !bytes.Equal(ours, zeek) {
			t.Errorf("%s:\ngot  %s\nwant %s", r.Name, ours, zeek)
		}
	}
	if invalid != 5 { // inf, -inf, nan, a NUL, bytes that are not UTF-8
		t.Errorf("Zeek wrote invalid JSON in %d recordings, want 5", invalid)
	}
}

// validJSON is stricter than encoding/json: it wants UTF-8.
func validJSON(b []byte) bool { return json.Valid(b) && bytes.Equal(b, bytes.ToValidUTF8(b, nil)) }

// TestDecodeZeekJSON: Zeek's text, valid or not, is the event as far as it
// carries it.
func TestDecodeZeekJSON(t *testing.T) {
	t.Parallel()
	for _, r := range recordings(t) {
		e, err := Decode(FormatBin, r.bin(t))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(FormatJSON, r.json(t))
		if want := rounded(e.wrap()); err != nil || !got.wrap().Equal(want) {
			t.Errorf("%s: %v\ngot  %v\nwant %v", r.json(t), err, got.wrap(), want)
		}
	}
}

// rounded is a value with no more than Zeek's JSON carries: six decimals of
// reals, milliseconds of times.
func rounded(v Value) Value {
	switch v.kind {
	case KindReal:
		if f, _ := v.Real(); math.Abs(f) < 1e15 {
			return Real(math.Round(f*1e6) / 1e6)
		}
	case KindTimestamp:
		at, _ := v.Time()
		return Timestamp(at.Truncate(time.Millisecond))
	case KindList:
		var elems []Value
		for _, e := range v.Elems() {
			elems = append(elems, rounded(e))
		}
		return List(elems...)
	}
	return v // no recorded set or table holds reals or times
}

// TestUnitVector is Zeek's own (spec: wire 2.6).
func TestUnitVector(t *testing.T) {
	t.Parallel()
	const want = `{"@data-type":"vector","data":[{"@data-type":"count","data":1},{"@data-type":"count","data":1},{"@data-type":"vector","data":[{"@data-type":"string","data":"Supervisor::node_status"},{"@data-type":"vector","data":[{"@data-type":"string","data":"TEST"},{"@data-type":"count","data":42}]},{"@data-type":"vector","data":[{"@data-type":"vector","data":[{"@data-type":"count","data":1},{"@data-type":"timestamp","data":"1970-01-01T00:00:00.000"}]}]}]}]}`
	e := Event{Name: "Supervisor::node_status", Args: []Value{String("TEST"), Count(42)}}
	e.SetMeta(MetaTimestamp, Timestamp(time.Unix(0, 0)))
	if got := string(e.AppendJSON(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	back, err := Decode(FormatJSON, []byte(want))
	if at, ok := back.Timestamp(); err != nil || !ok || at.UnixNano() != 0 || !back.wrap().Equal(e.wrap()) {
		t.Errorf("decoded %v, %v", back, err)
	}
}

// TestJSONForms: the data of either form, where they are not what is obvious.
func TestJSONForms(t *testing.T) {
	t.Parallel()
	at := func(ns int64) Value { return Timestamp(time.Unix(0, ns)) }
	tests := []struct {
		value       Value
		zeek, typed string
	}{
		{Real(1), "1.000000", "1.0"},
		{Real(1e300), "", "1e+300"},
		{Real(1e-7), "0.000000", "1e-07"},
		{Real(123456789.123456789), "123456789.123457", "123456789.12345679"},
		{Real(math.Copysign(0, -1)), "-0.000000", "-0.0"},
		{Real(math.Inf(1)), "1e511", `"inf"`},
		{Real(math.Inf(-1)), "-1e511", `"-inf"`},
		{Real(math.NaN()), "null", `"nan"`},
		{at(1), `"1970-01-01T00:00:00.000"`, `"1970-01-01T00:00:00.000000001"`},
		{at(1500000000123456789), `"2017-07-14T02:40:00.123"`, `"2017-07-14T02:40:00.123456789"`},
		{at(-1500000000), `"1969-12-31T23:59:59.000"`, `"1969-12-31T23:59:58.500"`},
		{at(math.MinInt64), `"1677-09-21T00:12:44.000"`, `"1677-09-21T00:12:43.145224192"`},
		{Timespan(math.MinInt64), `"-9223372036854775808ns"`, `"-9223372036854775808ns"`},
		{Timespan(90 * time.Minute), `"5400s"`, `"5400s"`},
		{String("a\x00\v\x1b\x7f/\u2028"), `"a\u0000\u000b\u001b` + "\x7f/\u2028" + `"`, `"a\u0000\u000b\u001b` + "\x7f/\u2028" + `"`},
		{String("\xff\xfe raw"), `"\\xff\\xfe raw"`, `{"@base64":"//4gcmF3"}`},
		{EnumValue("\xff"), `"\\xff"`, `{"@base64":"/w=="}`},
		{PortValue(Port{}), `"0/?"`, `"0/?"`},
		{None(), "{}", "{}"},
	}
	for _, test := range tests {
		head := `{"@data-type":"` + kinds[test.value.kind].dataType + `","data":`
		if got := string(test.value.AppendJSON(nil)); test.zeek != "" && got != head+test.zeek+"}" {
			t.Errorf("%v: got %s, want %s", test.value, got, test.zeek)
		}
		if got := string(test.value.AppendTyped(nil)); got != head+test.typed+"}" {
			t.Errorf("%v typed: got %s, want %s", test.value, got, test.typed)
		}
	}
}

// TestTypedIsLossless: ParseTyped gives back the value, bit by bit.
func TestTypedIsLossless(t *testing.T) {
	t.Parallel()
	values := samples(3000)
	for _, w := range worked {
		values = append(values, w.value)
	}
	for _, e := range recorded(t) {
		values = append(values, e.wrap())
	}
	for _, v := range append(values, all().wrap()) {
		typed := v.AppendTyped(nil)
		back, err := ParseTyped(typed)
		if err != nil || !bytes.Equal(back.AppendBin(nil), v.AppendBin(nil)) || !back.Equal(v) {
			t.Errorf("%s: %v, %v", typed, back, err)
		}
		if !validJSON(typed) {
			t.Errorf("%s is not valid JSON", typed)
		}
		if zeek := v.AppendJSON(nil); !validJSON(zeek) {
			t.Errorf("%s is not valid JSON", zeek)
		}
	}
}

// TestParseTyped: what is read besides what we write.
func TestParseTyped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want Value
	}{
		{" {\t\"@data-type\" : \"count\",\r\n\"data\" : 1 } \n", Count(1)},
		{`{"data":7,"@data-type":"count"}`, Count(7)},
		{`{"type":"data-message","topic":{"a":[1,"x",null,{}]},"@data-type":"vector","data":[]}`, List()},
		{`{"data":[{"data":[{"data":"x","@data-type":"string"}],"@data-type":"set"}],"@data-type":"vector"}`, List(Set(String("x")))},
		{`{"@data-type":"none"}`, None()},
		{`{"@data-type":"none","data":null}`, None()},
		{`{"@data-type":"integer","data":-9223372036854775808}`, Integer(math.MinInt64)},
		{`{"@data-type":"integer","data":+5}`, Integer(5)},
		{`{"@data-type":"real","data":5e0}`, Real(5)},
		{`{"@data-type":"real","data":.5}`, Real(0.5)},
		{`{"@data-type":"real","data":-1e511}`, Real(math.Inf(-1))},
		{`{"@data-type":"real","data":-inf}`, Real(math.Inf(-1))},
		{`{"@data-type":"real","data":-nan}`, Real(math.NaN())},
		{`{"@data-type":"real","data":null}`, Real(math.NaN())},
		{`{"@data-type":"string","data":"\/\u00fc\ud83d\ude00\v"}`, String("/ü😀\v")},
		{"{\"@data-type\":\"string\",\"data\":\"\x00\x1f\xff\"}", String("\x00\x1f\xff")},
		{`{"@data-type":"string","data":{"@base64":""}}`, String("")},
		{`{"@data-type":"port","data":"9/unknown"}`, PortValue(Port{9, Unknown})},
		{`{"@data-type":"timestamp","data":"2020-09-01T15:58:42"}`, Timestamp(time.Unix(1598975922, 0))},
		{`{"@data-type":"timestamp","data":"2020-09-01T15:58:42.123456789Z"}`, Timestamp(time.Unix(1598975922, 123456789))},
		{`{"@data-type":"timestamp","data":"2020-09-01T17:28:42.5+01:30"}`, Timestamp(time.Unix(1598975922, 5e8))},
		{`{"@data-type":"timestamp","data":"2020-09-01T14:58:42-0100"}`, Timestamp(time.Unix(1598975922, 0))},
		{`{"@data-type":"timespan","data":"-3min"}`, Timespan(-3 * time.Minute)},
		{`{"@data-type":"timespan","data":"2h"}`, Timespan(2 * time.Hour)},
		{`{"@data-type":"set","data":[{"@data-type":"count","data":2},{"@data-type":"count","data":1}]}`, Set(Count(1), Count(2))},
		{`{"@data-type":"table","data":[{"value":{"@data-type":"none"},"key":{"@data-type":"count","data":1},"x":1}]}`, Table(Entry{Count(1), None()})},
	}
	for _, test := range tests {
		got, err := ParseTyped([]byte(test.in))
		if err != nil || !got.Equal(test.want) {
			t.Errorf("%s: %v, %v, want %v", test.in, got, err, test.want)
		}
	}
}

// TestParseTypedErrors: errors say where and what was expected.
func TestParseTypedErrors(t *testing.T) {
	t.Parallel()
	data := func(kind, data string) string { return `{"@data-type":"` + kind + `","data":` + data + `}` }
	deep := strings.Repeat(`{"@data-type":"vector","data":[`, maxDepth+2)
	tests := []struct{ in, want string }{
		{"", "offset 0: expected \"{\", got the end"},
		{"garbage", `offset 0: expected "{", got "garbage"`},
		{"{}", `offset 0: expected an object with "@data-type", got "{}"`},
		{`[1`, `offset 0: expected "{"`},
		{`{"@data-type":"count"}`, `offset 0: expected an object with "data"`},
		{`{"@data-type":"bogus","data":[]}`, `offset 14: expected a data type, got "\"bogus\"`},
		{`{"@data-type":1}`, `offset 14: expected a data type`},
		{`{"@data-type"`, `offset 13: expected ":", got the end`},
		{`{1}`, `offset 1: expected a key`},
		{data("count", "1") + "x", `offset 31: expected the end, got "x"`},
		{data("count", "-1"), `offset 29: expected a whole number of at least 0`},
		{data("count", "1.0"), "offset 29: expected a whole number"},
		{data("count", "18446744073709551616"), "offset 29: expected a whole number"},
		{data("count", "010"), "offset 29: expected a whole number"},
		{data("count", `"1"`), "offset 29: expected a whole number"},
		{data("integer", "9223372036854775808"), "offset 31: expected a whole number"},
		{data("real", "5"), "offset 28: expected a number with a fraction or exponent, as 5.0"},
		{data("real", "0x1p-2"), "offset 28: expected a number with a fraction"},
		{data("real", `"1.5"`), "offset 28: expected a number with a fraction"},
		{data("real", `"inf`), "offset 28: expected a number with a fraction"},
		{data("real", "1..2"), "offset 28: expected a number with a fraction"},
		{data("boolean", "1"), "offset 31: expected true or false"},
		{data("string", "1"), "offset 30: expected a string"},
		{data("string", `"\q"`), `offset 31: expected an escape that JSON has, got "\\q\"}"`},
		{data("string", `"\ud83d"`), "offset 31: expected an escape"},
		{data("string", `"\u12"`), "offset 31: expected an escape"},
		{`{"@data-type":"string","data":"x`, "offset 30: expected the end of the string"},
		{`{"@data-type":"string","data":"\n`, "offset 30: expected the end of the string"},
		{data("string", "{}"), `offset 30: expected a string or {"@base64":"…"}`},
		{data("string", `{"@base64":"!"}`), `offset 30: expected a string or {"@base64":"…"}`},
		{data("address", `"10.0.0"`), `offset 31: expected an address, as "10.0.0.1"`},
		{data("address", `"fe80::1%eth0"`), "offset 31: expected an address"},
		{data("subnet", `"10.0.0.0"`), "offset 30: expected a subnet"},
		{data("subnet", `"10.0.0.0/33"`), "offset 30: expected a subnet"},
		{data("port", `"80"`), "offset 28: expected a port"},
		{data("port", `"65536/tcp"`), "offset 28: expected a port"},
		{data("port", `"80/sctp"`), "offset 28: expected a port"},
		{data("timestamp", `"2020-09-01"`), "offset 33: expected a time"},
		{data("timestamp", `"2020-09-01T15:58:60"`), "offset 33: expected a time"},
		{data("timestamp", `"2020-02-30T15:58:00"`), "offset 33: expected a time"},
		{data("timestamp", `"2020-13-01T15:58:00"`), "offset 33: expected a time"},
		{data("timestamp", `"2020-00-01T15:58:00"`), "offset 33: expected a time"},
		{data("timestamp", `"2020-01-01T24:00:00"`), "offset 33: expected a time"},
		{data("timestamp", `"2020-01-01T00:60:00"`), "offset 33: expected a time"},
		{data("timestamp", `"2020-01-01 00:00:00"`), "offset 33: expected a time"},
		{data("timestamp", `"2020-09-01T15:58:42.1234567890"`), "offset 33: expected a time"},
		{data("timestamp", `"2020-09-01T15:58:42."`), "offset 33: expected a time"},
		{data("timestamp", `"2020-09-01T15:58:42 UTC"`), "offset 33: expected a time"},
		{data("timestamp", `"2300-09-01T15:58:42"`), "offset 33: expected a time from 1677 to 2262"},
		{data("timespan", `"1d"`), "offset 32: expected a timespan"},
		{data("timespan", `"1.5s"`), "offset 32: expected a timespan"},
		{data("timespan", `"9223372036854775807h"`), "offset 32: expected a timespan"},
		{data("timespan", `"s"`), "offset 32: expected a timespan"},
		{data("set", `[`+data("count", "1")+`,`+data("count", "1")+`]`), "offset 27: expected a set of different elements"},
		{data("table", `[{"key":{"@data-type":"none"}}]`), `offset 30: expected an object with "key" and "value"`},
		{data("vector", `[`+data("count", "1")+` `+data("count", "1")+`]`), `offset 63: expected "," or "]"`},
		{data("vector", `{}`), `offset 30: expected "["`},
		{deep, "expected values nested at most 64 deep"},
		{`{"x":` + strings.Repeat("[", 1000), "expected values nested less deep"},
	}
	for _, test := range tests {
		v, err := ParseTyped([]byte(test.in))
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "cannot read typed JSON: offset") {
			t.Errorf("%s: %v, %v, want %q", test.in, v, err, test.want)
		}
	}
}

// FuzzDecodeJSON: no text panics, and what is accepted is written as valid JSON
// that reads again. Writing may round twice: what \xff became sorts elsewhere.
func FuzzDecodeJSON(f *testing.F) {
	for _, r := range recordings(f) {
		f.Add(r.json(f))
	}
	for _, seed := range corpus(f, "decodejson") {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var last []byte
		for range 3 {
			e, err := Decode(FormatJSON, payload)
			if err != nil && last != nil && !strings.Contains(err.Error(), "twice") { // rounding may make two elements one
				t.Fatalf("we wrote %s: %v", last, err)
			}
			if err != nil {
				return
			}
			last, payload = payload, e.AppendJSON(nil)
			if !validJSON(payload) {
				t.Fatalf("%s is not valid JSON", payload)
			}
		}
		if !bytes.Equal(payload, last) {
			t.Errorf("%s became %s", last, payload)
		}
	})
}

// FuzzParseTyped: no text panics, and what is accepted is the same value when
// read from what we write.
func FuzzParseTyped(f *testing.F) {
	for _, e := range append(recorded(f), all()) {
		f.Add(e.wrap().AppendTyped(nil))
		f.Add(e.AppendJSON(nil))
	}
	for _, seed := range corpus(f, "parsetyped") {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := ParseTyped(in)
		if err != nil {
			return
		}
		typed := v.AppendTyped(nil)
		if !validJSON(typed) {
			t.Fatalf("%s is not valid JSON", typed)
		}
		back, err := ParseTyped(typed)
		if err != nil || !bytes.Equal(back.AppendBin(nil), v.AppendBin(nil)) {
			t.Errorf("%s became %s, then %v, %v", in, typed, back, err)
		}
	})
}
