package event

import "fmt"

// Kind is the type of a value: its tag on the wire (spec: wire 2.2).
type Kind byte

// The kinds, in the order in which values of different kinds compare.
const (
	KindNone      Kind = 0x00
	KindBoolean   Kind = 0x01
	KindCount     Kind = 0x02
	KindInteger   Kind = 0x03
	KindReal      Kind = 0x04
	KindString    Kind = 0x05
	KindAddress   Kind = 0x06
	KindSubnet    Kind = 0x07
	KindPort      Kind = 0x08
	KindTimestamp Kind = 0x09
	KindTimespan  Kind = 0x0a
	KindEnum      Kind = 0x0b
	KindSet       Kind = 0x0c
	KindTable     Kind = 0x0d
	KindList      Kind = 0x0e // Zeek's vector, record, pattern and function, too
)

// kinds says of each kind, indexed by its tag, how it is called and encoded.
var kinds = [...]struct {
	zeek     string // in Zeek's scripts
	dataType string // in broker-json-v1 (spec: wire 2.6)
	size     int8   // bytes that follow the tag, or one of the below
}{
	KindNone:      {"none", "none", 0},
	KindBoolean:   {"bool", "boolean", 1},
	KindCount:     {"count", "count", 8},
	KindInteger:   {"int", "integer", 8},
	KindReal:      {"double", "real", 8},
	KindString:    {"string", "string", sizeText},
	KindAddress:   {"addr", "address", 16},
	KindSubnet:    {"subnet", "subnet", 17},
	KindPort:      {"port", "port", 3},
	KindTimestamp: {"time", "timestamp", 8},
	KindTimespan:  {"interval", "timespan", 8},
	KindEnum:      {"enum", "enum-value", sizeText},
	KindSet:       {"set", "set", sizeElems},
	KindTable:     {"table", "table", sizeEntries},
	KindList:      {"vector", "vector", sizeElems},
}

// What follows the tag of kinds that begin with a length.
const (
	sizeText    = -1 // that many bytes
	sizeElems   = -2 // that many values
	sizeEntries = -3 // that many pairs of values
)

// String is Zeek's name of the type: bool, count, int, double, string, addr,
// subnet, port, time, interval, enum, set, table, vector, and none.
func (k Kind) String() string {
	if int(k) >= len(kinds) {
		return fmt.Sprintf("unknown kind %#02x", byte(k))
	}
	return kinds[k].zeek
}
