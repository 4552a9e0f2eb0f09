package cluster

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"zctl/nodes/event"
)

// keyTypes is the types of keys that are no containers, with an example of each.
var keyTypes = []struct{ name, tag, example string }{
	{"string", tagString, "text"},
	{"count", tagCount, "42"},
	{"int", tagInt, "-1"},
	{"double", tagDouble, "1.5"},
	{"bool", tagBool, "T or F"},
	{"addr", tagAddr, "10.0.0.1"},
	{"subnet", tagSubnet, "10.0.0.0/8"},
	{"port", tagPort, "443/tcp"},
	{"time", tagTime, "1500000000.5 or 2024-01-02T03:04:05Z"},
	{"interval", tagInterval, "1.5sec"},
}

// KeyTypes is the names of the types of keys that are no containers and no
// enums.
func KeyTypes() []string {
	names := make([]string, len(keyTypes))
	for i, t := range keyTypes {
		names[i] = t.name
	}
	return names
}

// ParseKey reads a key as people write it, and the name of its type:
//
//	string              any text, as it is, without quotes
//	count int double    42  -1  1.5
//	bool                T  F
//	addr subnet port    10.0.0.1  10.0.0.0/8  443/tcp
//	time                1500000000.5, seconds since 1970, or 2024-01-02T03:04:05Z
//	interval            1.5sec  3 min
//	Cluster::NodeType   Cluster::WORKER: an enum by the name of its type
//	enum NAME           the same, for types without a module: enum transport_proto
//	enum                only for values of transport_proto and Cluster::NodeType
//	vector[T]           [10.0.0.1, 10.0.0.2]; strings may be in quotes
//	record{a:T;b:T?}    a=1,b=x; a field that may be missing has ? behind its type
//
// vector of T is the same as vector[T].
func ParseKey(typ, text string) (Key, error) {
	t, err := parseKeyType(typ, 0)
	if err != nil {
		return Key{}, fmt.Errorf("cannot use a key of type %q: %w", typ, err)
	}
	key, err := t.key(text)
	if err != nil {
		return Key{}, fmt.Errorf("cannot use %q as key: %w", text, err)
	}
	return key, nil
}

// key reads a value of the type.
func (t keyType) key(text string) (Key, error) {
	switch t.tag {
	case tagEnum:
		return t.enumKey(text)
	case tagVector:
		return t.vectorKey(text)
	case tagRecord:
		return t.recordKey(text)
	}
	key, ok := t.scalar(text)
	if !ok {
		return Key{}, fmt.Errorf("expected %s %s like %s", article(t.name), t.name, t.example)
	}
	return key, nil
}

func (t keyType) scalar(text string) (key Key, ok bool) {
	switch t.tag {
	case tagString:
		return StringKey(text), true
	case tagCount:
		n, err := strconv.ParseUint(text, 10, 64)
		return numberKey(t.tag, n), err == nil
	case tagInt:
		n, err := strconv.ParseInt(text, 10, 64)
		return numberKey(t.tag, uint64(n)), err == nil
	case tagBool:
		return boolKey(text == "T"), text == "T" || text == "F"
	case tagDouble, tagTime:
		// A time of seconds is the double that Zeek has, not one of nanoseconds.
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return doubleKey(t.tag, f), true
		}
	}
	v, err := event.ParseLiteral(text)
	if err == nil {
		key, err = keyOf(v)
	}
	return key, err == nil && key.typ == t.tag
}

func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an"
	}
	return "a"
}

// knownEnums is the types of which values are recognized.
var knownEnums = map[string][]string{
	"transport_proto": {"unknown_transport", "tcp", "udp", "icmp"},
	"Cluster::NodeType": {
		"Cluster::NONE", "Cluster::CONTROL", "Cluster::LOGGER", "Cluster::MANAGER", "Cluster::PROXY", "Cluster::WORKER",
	},
}

func (t keyType) enumKey(value string) (Key, error) {
	if t.name != "" {
		if value == "" || strings.ContainsRune(value, 0) {
			return Key{}, errors.New("expected the name of a value, like Cluster::WORKER")
		}
		return EnumKey(t.name, value), nil
	}
	for name, values := range knownEnums {
		for _, known := range values {
			if value == known {
				return EnumKey(name, value), nil
			}
		}
	}
	return Key{}, errors.New("the name of the enum type counts, too; write it as the type, like Cluster::NodeType or enum transport_proto")
}
