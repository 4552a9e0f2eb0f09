package tap

import (
	"bytes"
	"fmt"
	"strings"

	"zctl/nodes/event"
)

// ParseArgs reads the arguments of an event as people write them, each a literal
// of [event.ParseLiteral].
func ParseArgs(literals []string) ([]event.Value, error) {
	args := make([]event.Value, len(literals))
	for i, literal := range literals {
		var err error
		if args[i], err = event.ParseLiteral(literal); err != nil {
			reason := strings.TrimPrefix(err.Error(), "cannot read literal: ")
			return nil, fmt.Errorf("cannot use argument %d, %s: %s", i+1, literal, reason)
		}
	}
	return args, nil
}

// ParseTypedArgs reads them as args of [Decoded.AppendJSON]: a typed vector, or
// just the list that is its data.
func ParseTypedArgs(typed string) ([]event.Value, error) {
	in := bytes.TrimSpace([]byte(typed))
	if bytes.HasPrefix(in, []byte("[")) {
		in = fmt.Appendf(nil, `{"@data-type":"vector","data":%s}`, in)
	}
	v, err := event.ParseTyped(in)
	if err != nil {
		return nil, err
	}
	if v.Kind() != event.KindList {
		return nil, fmt.Errorf("cannot use a %v as the arguments: they are a vector", v.Kind())
	}
	return v.Elems(), nil
}

// ParseTypedMetadata reads metadata of [Decoded.AppendJSON]: none, or a vector of
// vectors of a count, the id, and a value (spec: wire 2.1). Anything else could
// harm those who hear it (spec: wire T18).
func ParseTypedMetadata(typed string) (event.Value, error) {
	v, err := event.ParseTyped([]byte(typed))
	if err != nil {
		return v, err
	}
	if v.Kind() != event.KindList && v.Kind() != event.KindNone {
		return v, fmt.Errorf("cannot use a %v as metadata: it is a vector, or none", v.Kind())
	}
	for i, entry := range v.Elems() {
		pair := entry.Elems()
		if entry.Kind() != event.KindList || len(pair) != 2 || pair[0].Kind() != event.KindCount {
			return v, fmt.Errorf("cannot use entry %d of the metadata: each is a vector of a count and a value", i+1)
		}
	}
	return v, nil
}
