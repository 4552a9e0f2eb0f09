package logstream

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"testing"

	"zctl/nodes/event"
	"zctl/nodes/logwire"
)

// recordings is the recorded batches of Zeek 8.1.2 nodes.
func recordings(t *testing.T) [][]byte {
	t.Helper()
	f, err := os.Open("../logwire/testdata/batches.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all [][]byte
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var b struct {
			Frames []string `json:"frames_hex"`
		}
		if err := json.Unmarshal(lines.Bytes(), &b); err != nil {
			t.Fatal(err)
		}
		payload, err := hex.DecodeString(b.Frames[3])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, payload)
	}
	return all
}

// withoutSubtypes is a batch of Zeek 8.1.2 as 8.2 writes it (spec: wire 3.4).
func withoutSubtypes(t *testing.T, payload []byte) []byte {
	t.Helper()
	payload = bytes.Clone(payload)
	h, r, err := logwire.Parse(payload)
	for left := r.Records * len(h.Fields); left > 0 && err == nil; left-- {
		clear(payload[r.Offset()+4 : r.Offset()+8])
		if v := r.Next(); v.Type == logwire.TypeSet || v.Type == logwire.TypeVector {
			left += int(v.Count)
		}
		err = r.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// goTypes is a Go type, and the tag's option, for every type of Zeek's.
var goTypes = map[logwire.Type]struct {
	t      reflect.Type
	option string
}{
	logwire.TypeBool: {reflect.TypeFor[bool](), ""}, logwire.TypeInt: {reflect.TypeFor[int64](), ""},
	logwire.TypeCount: {reflect.TypeFor[uint64](), ""}, logwire.TypeDouble: {reflect.TypeFor[float64](), ""},
	logwire.TypeTime: {reflect.TypeFor[float64](), ",time"}, logwire.TypeInterval: {reflect.TypeFor[float64](), ",interval"},
	logwire.TypeString: {reflect.TypeFor[string](), ""}, logwire.TypeEnum: {reflect.TypeFor[event.Enum](), ""},
	logwire.TypeFunc: {reflect.TypeFor[string](), ",func"}, logwire.TypePort: {reflect.TypeFor[event.Port](), ""},
	logwire.TypeAddr: {reflect.TypeFor[netip.Addr](), ""}, logwire.TypeSubnet: {reflect.TypeFor[netip.Prefix](), ""},
}

// goStruct is a struct that is logged with that header.
func goStruct(h logwire.Header) reflect.Type {
	var fields []reflect.StructField
	for i, f := range h.Fields {
		like := goTypes[f.Type]
		switch f.Type {
		case logwire.TypeSet:
			like = goTypes[f.Subtype]
			like.t, like.option = reflect.SliceOf(like.t), like.option+",set"
		case logwire.TypeVector:
			like = goTypes[f.Subtype]
			like.t = reflect.SliceOf(reflect.PointerTo(like.t))
		}
		if f.Optional {
			like.t = reflect.PointerTo(like.t)
		}
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprint("F", i), Type: like.t, Tag: reflect.StructTag(fmt.Sprintf("log:%q", f.Name+like.option)),
		})
	}
	return reflect.StructOf(fields)
}

// fill sets a Go value to the next value of a batch.
func fill(payload []byte, r *logwire.Reader, to reflect.Value) {
	v := r.Next()
	if !v.Set {
		return
	}
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	var x any
	switch v.Type {
	case logwire.TypeBool:
		x = v.Int == 1
	case logwire.TypeInt:
		x = v.Int
	case logwire.TypeCount:
		x = v.Count
	case logwire.TypeDouble, logwire.TypeTime, logwire.TypeInterval:
		x = v.Double
	case logwire.TypeString, logwire.TypeFunc:
		x = string(v.Bytes)
	case logwire.TypeEnum:
		x = event.Enum(v.Bytes)
	case logwire.TypePort:
		x = event.Port{Number: uint16(v.Count), Protocol: event.Protocol(payload[r.Offset()-1])}
	case logwire.TypeAddr:
		x = v.Addr
	case logwire.TypeSubnet:
		x = netip.PrefixFrom(v.Addr, v.Bits)
	case logwire.TypeSet, logwire.TypeVector:
		to.Set(reflect.MakeSlice(to.Type(), int(v.Count), int(v.Count)))
		for i := range to.Len() {
			fill(payload, r, to.Index(i))
		}
		return
	}
	to.Set(reflect.ValueOf(x))
}

// TestRecordings: every recorded batch, written from structs, is what Zeek wrote,
// header and records.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for i, payload := range recordings(t) {
		h, r, err := logwire.Parse(payload)
		if err != nil {
			t.Fatal(err)
		}
		structs := goStruct(h)
		rec, err := compile(structs)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(rec.fields, h.Fields) {
			t.Fatalf("batch %d: fields %v\nwant %v", i, rec.fields, h.Fields)
		}
		b := logwire.NewBatch(h)
		for range r.Records {
			v := reflect.New(structs).Elem()
			for field := range structs.NumField() {
				fill(payload, r, v.Field(field))
			}
			l := newLine(b)
			rec.put(&l, v)
			b.EndRecord()
		}
		if !bytes.Equal(b.Payload(), withoutSubtypes(t, payload)) {
			t.Errorf("batch %d, of %s, is not what Zeek sent", i, h.Stream)
		}
	}
}
