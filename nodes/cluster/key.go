package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"zctl/nodes/event"
)

// Key is what rendezvous hashing distributes: a value of a Zeek type, as the bytes
// that Zeek hashes (spec: cluster-framework 1.9). The type matters: the string
// "10.0.0.1" and the address 10.0.0.1 are two keys. Keys can be compared with ==;
// the zero Key is none.
type Key struct {
	typ      string // description of the type
	value    string // description of the value; of a string the bytes themselves
	isString bool
}

// Zeek's type tags, as they are hashed. They are not those of events.
const (
	tagBool     = "\x01\x00\x00\x00"
	tagInt      = "\x02\x00\x00\x00"
	tagCount    = "\x03\x00\x00\x00"
	tagDouble   = "\x04\x00\x00\x00"
	tagTime     = "\x05\x00\x00\x00"
	tagInterval = "\x06\x00\x00\x00"
	tagString   = "\x07\x00\x00\x00"
	tagEnum     = "\x09\x00\x00\x00"
	tagPort     = "\x0a\x00\x00\x00"
	tagAddr     = "\x0b\x00\x00\x00"
	tagSubnet   = "\x0c\x00\x00\x00"
	tagRecord   = "\x0f\x00\x00\x00"
	tagVector   = "\x13\x00\x00\x00"
)

// KeyOf makes a key of a plain Go value, or of an [event.Value]: bool, int, count,
// double, string, addr, subnet, port, time, interval, and vectors of those. Go's
// types stand for Zeek's as [event.Of] says: an int is an int, a uint64 a count. A
// Key is itself. Sets and tables cannot be keys, because Zeek does not keep their
// order; for enums and records, whose names are hashed, too, there are [EnumKey]
// and [RecordKey].
func KeyOf(x any) (Key, error) {
	switch x := x.(type) {
	case string:
		return StringKey(x), nil
	case Key:
		if x == (Key{}) {
			return Key{}, errors.New("cannot use the zero Key as key")
		}
		return x, nil
	}
	v, err := event.Of(x)
	if err != nil {
		return Key{}, fmt.Errorf("cannot use a %T as key: %w", x, err)
	}
	return keyOf(v)
}

func keyOf(v event.Value) (Key, error) {
	switch v.Kind() {
	case event.KindBoolean:
		b, _ := v.Boolean()
		return boolKey(b), nil
	case event.KindInteger:
		n, _ := v.Integer()
		return numberKey(tagInt, uint64(n)), nil
	case event.KindCount:
		n, _ := v.Count()
		return numberKey(tagCount, n), nil
	case event.KindReal:
		f, _ := v.Real()
		return doubleKey(tagDouble, f), nil
	case event.KindTimestamp:
		at, _ := v.Time()
		return doubleKey(tagTime, float64(at.UnixNano())/1e9), nil
	case event.KindTimespan:
		d, _ := v.Timespan()
		return Key{typ: tagInterval, value: intervalText(float64(d) / 1e9)}, nil
	case event.KindString:
		s, _ := v.Text()
		return StringKey(s), nil
	case event.KindPort:
		p, _ := v.Port()
		return portKey(p), nil
	case event.KindAddress:
		a, _ := v.Address()
		return Key{typ: tagAddr, value: addrText(a) + "\x00"}, nil
	case event.KindSubnet:
		p, _ := v.Subnet()
		return Key{typ: tagSubnet, value: subnetText(p) + "\x00"}, nil
	case event.KindList:
		return vectorOf(v.Elems())
	case event.KindEnum:
		return Key{}, errors.New("cannot use an enum as key without the name of its type; use EnumKey")
	case event.KindSet, event.KindTable:
		return Key{}, fmt.Errorf("cannot use a %v as key: its order is not the same on all nodes; make a string or a vector of it", v.Kind())
	}
	return Key{}, fmt.Errorf("cannot use a %v as key", v.Kind())
}

// StringKey is the key of a string: what most scripts use, often several values in
// one, like cat(host, p) in Zeek.
func StringKey(s string) Key { return Key{typ: tagString, value: s, isString: true} }

// EnumKey is the key of a value of an enum type:
// EnumKey("Cluster::NodeType", "Cluster::WORKER").
func EnumKey(typeName, value string) Key {
	return Key{typ: tagEnum + typeName, value: value + "\x00"}
}

func boolKey(b bool) Key {
	if b {
		return numberKey(tagBool, 1)
	}
	return numberKey(tagBool, 0)
}

func doubleKey(tag string, f float64) Key { return numberKey(tag, math.Float64bits(f)) }

func portKey(p event.Port) Key {
	number := binary.LittleEndian.AppendUint32(nil, uint32(p.Number))
	return Key{typ: tagPort, value: string(number) + "/\x00" + p.Protocol.String()}
}

func numberKey(tag string, bits uint64) Key { return Key{typ: tag, value: uint64Text(bits)} }

func uint64Text(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }

// Digest is the hash of the key (Zeek's fnv1a32): of a string its bytes, of all
// else the descriptions of type and value.
func (k Key) Digest() uint32 {
	if k.isString {
		return fnv1a32(k.value)
	}
	return fnvMore(fnv1a32(k.typ), k.value)
}

// described is type and value as they are hashed inside of another value.
func (k Key) described() string {
	if k.isString {
		length := binary.LittleEndian.AppendUint32(nil, uint32(len(k.value)))
		return k.typ + string(length) + k.value
	}
	return k.typ + k.value
}
