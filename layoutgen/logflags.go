package layoutgen

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A logger is told its [Logs] on its command line, key by key, so that one can also
// be started by hand.

// LogKeys is the keys of [logs] that are for loggers.
func LogKeys() []string {
	all := keys(reflect.ValueOf(&Logs{}).Elem())
	for key := range keys(reflect.ValueOf(&LogSend{}).Elem()) {
		delete(all, key)
	}
	return slices.Sorted(maps.Keys(all))
}

// LogsByHand is the options of a logger that was told nothing: the defaults, save
// that it never rotates.
func LogsByHand() Logs {
	l := Default().Logs
	l.RotationInterval = 0
	return l
}

// LogArg is the value of one key. A key whose value is a list or a table has one for
// each of its elements.
type LogArg struct{ Key, Value string }

// Args is what [Logs.Set] has to be told to make these options of [LogsByHand]; in
// the order of the keys.
func (l Logs) Args() []LogArg {
	plain := LogsByHand()
	before := keys(reflect.ValueOf(&plain).Elem())
	now := keys(reflect.ValueOf(&l).Elem())
	var args []LogArg
	for _, key := range LogKeys() {
		if reflect.DeepEqual(before[key].Interface(), now[key].Interface()) {
			continue
		}
		for _, text := range elements(now[key]) {
			args = append(args, LogArg{key, text})
		}
	}
	return args
}

// elements is the value of a key as texts, one for each element.
func elements(v reflect.Value) []string {
	switch x := v.Interface().(type) {
	case []string:
		return x
	case map[string]string:
		var all []string
		for _, k := range slices.Sorted(maps.Keys(x)) {
			all = append(all, k+"="+x[k])
		}
		return all
	default:
		return []string{fmt.Sprint(x)}
	}
}

// Set sets a key, or adds an element to a list ("conn") or a table ("conn=json"). It
// does not [Logs.Check].
func (l *Logs) Set(key, text string) (err error) {
	field, ok := keys(reflect.ValueOf(l).Elem())[key]
	if !ok {
		return fmt.Errorf("there is no key %s in [logs]", key)
	}
	switch to := field.Addr().Interface().(type) {
	case *string:
		*to = text
	case *bool:
		*to, err = strconv.ParseBool(text)
	case *time.Duration:
		*to, err = ParseDuration(text)
	case *Size:
		*to, err = ParseSize(text)
	case *[]string:
		*to = append(slices.Clip(*to), text)
	case *map[string]string:
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("%q is not like conn=json", text)
		}
		*to = merge(*to, name, value)
	default:
		err = fmt.Errorf("key %s cannot be set", key)
	}
	return err
}

func merge(m map[string]string, key, value string) map[string]string {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}
