package logstream

import (
	"fmt"
	"reflect"
	"strings"
)

// tag is what a struct field's tag says: `log:"name,option,…"`.
type tag struct {
	name     string
	optional bool   // nil is unset
	set      bool   // a slice is a set
	kind     string // "enum", "func", "file", "time", "interval" or ""
}

func parseTag(f reflect.StructField) (tag, error) {
	text, tagged := f.Tag.Lookup("log")
	if !tagged && f.Anonymous {
		return tag{}, nil
	}
	if !tagged {
		return tag{}, fmt.Errorf("it has no tag; say its name in Zeek, `log:\"name\"`, or `log:\"-\"`")
	}
	words := strings.Split(text, ",")
	t := tag{name: words[0]}
	if t.name == "" {
		return tag{}, fmt.Errorf("its tag %q has no name", text)
	}
	for _, word := range words[1:] {
		switch word {
		case "optional":
			t.optional = true
		case "set":
			t.set = true
		case "vector":
		case "enum", "func", "file", "time", "interval":
			t.kind = word
		default:
			return tag{}, fmt.Errorf("its tag has the unknown option %q; there are optional, set, vector, enum, func, file, time and interval", word)
		}
	}
	return t, nil
}
