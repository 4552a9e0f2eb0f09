package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"zctl/nodes/event"
)

// Key is what rendezvous hashing distributes: a value of a Zeek type, as the bytes
// that Zeek hashes (spec: cluster-framework 1.9). The type matters: the string
// "10.0.0.1" and the address 10.0.0.1 are two keys.
type Key struct {
	typ   []byte // description of the type
	value []byte // description of the value
	raw   []byte // of a string: what is hashed instead of both
}

// Zeek's type tags, as they are hashed. They are not those of log batches.
const (
	tagBool     = 1
	tagInt      = 2
	tagCount    = 3
	tagDouble   = 4
	tagTime     = 5
	tagInterval = 6
	tagString   = 7
	tagEnum     = 9
	tagPort     = 10
	tagAddr     = 11
	tagSubnet   = 12
	tagRecord   = 15
	tagVector   = 19
)

// KeyOf makes a key of a plain Go value, or of an [event.Value]: bool, int, count,
// double, string, addr, subnet, port, time, interval, and vectors of those. Go's
// types stand for Zeek's as [event.Of] says: an int is an int, a uint64 a count. A
// Key is itself. Sets and tables cannot be keys; for enums and records, whose
// names are hashed, too, there are [EnumKey] and [RecordKey].
func KeyOf(x any) (Key, error) {
	if key, ok := x.(Key); ok {
		return key, nil
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
		if b {
			return numberKey(tagBool, 1), nil
		}
		return numberKey(tagBool, 0), nil
	case event.KindInteger:
		n, _ := v.Integer()
		return numberKey(tagInt, uint64(n)), nil
	case event.KindCount:
		n, _ := v.Count()
		return numberKey(tagCount, n), nil
	case event.KindReal:
		f, _ := v.Real()
		return numberKey(tagDouble, math.Float64bits(f)), nil
	case event.KindTimestamp:
		at, _ := v.Time()
		return numberKey(tagTime, math.Float64bits(seconds(at))), nil
	case event.KindTimespan:
		d, _ := v.Timespan()
		return Key{typ: tag(tagInterval), value: intervalText(d)}, nil
	case event.KindString:
		s, _ := v.Text()
		return stringKey(s), nil
	case event.KindPort:
		p, _ := v.Port()
		return portKey(p), nil
	case event.KindAddress:
		a, _ := v.Address()
		return Key{typ: tag(tagAddr), value: text(a.Unmap().String())}, nil
	case event.KindSubnet:
		p, _ := v.Subnet()
		return Key{typ: tag(tagSubnet), value: text(p.String())}, nil
	case event.KindList:
		return vectorKey(v.Elems())
	case event.KindEnum:
		return Key{}, errors.New("cannot use an enum as key without the name of its type; use EnumKey")
	}
	return Key{}, fmt.Errorf("cannot use a %v as key", v.Kind())
}

// EnumKey is the key of a value of an enum type:
// EnumKey("Cluster::NodeType", "Cluster::WORKER").
func EnumKey(typeName, value string) Key {
	return Key{typ: append(tag(tagEnum), typeName...), value: text(value)}
}

// VectorKey is the key of a vector of keys of one type. An empty one would need
// the type of its elements, and is refused.
func VectorKey(elems ...Key) (Key, error) {
	if len(elems) == 0 {
		return Key{}, errors.New("cannot use an empty vector as key: the type of its elements is not known")
	}
	k := Key{typ: append(tag(tagVector), elems[0].typ...), value: text("[")}
	for i, elem := range elems {
		if string(elem.typ) != string(elems[0].typ) {
			return Key{}, errors.New("cannot use a vector as key whose elements are of several types")
		}
		if i > 0 {
			k.value = append(k.value, text(", ")...)
		}
		k.value = append(append(k.value, elem.typ...), elem.value...)
	}
	k.value = append(k.value, text("]")...)
	return k, nil
}

func vectorKey(elems []event.Value) (Key, error) {
	keys := make([]Key, len(elems))
	for i, elem := range elems {
		key, err := keyOf(elem)
		if err != nil {
			return Key{}, err
		}
		keys[i] = key
	}
	return VectorKey(keys...)
}

// KeyField is a field of a record that is a key.
type KeyField struct {
	Name string
	// Key is the field's value. For a field that is not set any value of its type
	// does.
	Key   Key
	Unset bool
}

// RecordKey is the key of a record with all its fields, in order.
func RecordKey(fields ...KeyField) Key {
	k := Key{typ: binary.LittleEndian.AppendUint64(tag(tagRecord), 0)}
	k.typ = binary.LittleEndian.AppendUint64(k.typ, uint64(len(fields)))
	k.value = binary.LittleEndian.AppendUint64(nil, uint64(len(fields)))
	for _, f := range fields {
		k.typ = append(append(k.typ, text(f.Name)...), f.Key.typ...)
		k.value = append(k.value, text(f.Name)...)
		if f.Unset {
			k.value = append(k.value, text("<uninitialized>")...)
			continue
		}
		k.value = append(append(k.value, f.Key.typ...), f.Key.value...)
	}
	return k
}

// Digest is the hash of the key (Zeek's fnv1a32).
func (k Key) Digest() uint32 {
	if k.raw != nil {
		return fnv1a32(k.raw)
	}
	return fnv1a32(append(k.typ[:len(k.typ):len(k.typ)], k.value...))
}

func stringKey(s string) Key {
	value := binary.LittleEndian.AppendUint32(nil, uint32(len(s)))
	return Key{typ: tag(tagString), value: append(value, s...), raw: append([]byte{}, s...)}
}

func portKey(p event.Port) Key {
	value := binary.LittleEndian.AppendUint32(nil, uint32(p.Number))
	value = append(value, text("/")...)
	return Key{typ: tag(tagPort), value: append(value, p.Protocol.String()...)}
}

func numberKey(t uint32, bits uint64) Key {
	return Key{typ: tag(t), value: binary.LittleEndian.AppendUint64(nil, bits)}
}

// seconds is a time as Zeek has it: seconds since 1970 in a double.
func seconds(at time.Time) float64 { return float64(at.UnixNano()) / 1e9 }

// intervalText describes an interval as Zeek does: how many of each unit, from
// days down to microseconds.
func intervalText(d time.Duration) []byte {
	if d == 0 {
		return text("0 secs")
	}
	var out []byte
	left := d.Seconds()
	units := []struct {
		seconds float64
		word    string
	}{{86400, "day"}, {3600, "hr"}, {60, "min"}, {1, "sec"}, {1e-3, "msec"}, {1e-6, "usec"}}
	for i, unit := range units {
		n := left / unit.seconds
		if i < len(units)-1 {
			n = math.Trunc(n)
		}
		if n == 0 {
			continue
		}
		left -= n * unit.seconds
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(n))
		out = append(out, text(unit.word)...)
		if math.Abs(n) != 1 {
			out = append(out, text("s")...)
		}
	}
	return out
}

// tag is the beginning of the description of a type.
func tag(t uint32) []byte { return binary.LittleEndian.AppendUint32(nil, t) }

// text is a text as it is hashed, with the NUL behind it.
func text(s string) []byte { return append([]byte(s), 0) }
