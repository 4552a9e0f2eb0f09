package logstream

import (
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/logwire"
)

// put appends a Go value to a batch.
type put func(b *line, v reflect.Value)

// scalar is how values of a Go type that is no container are appended.
func scalar(t reflect.Type, o tag) (logwire.Type, put, error) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return logwire.TypeTime, of(putTime), noKind(t, o)
	case reflect.TypeFor[time.Duration]():
		return logwire.TypeInterval, func(b *line, v reflect.Value) { b.AppendInterval(float64(v.Int()) / 1e9) }, noKind(t, o)
	case reflect.TypeFor[netip.Addr]():
		return logwire.TypeAddr, of((*logwire.Batch).AppendAddr), noKind(t, o)
	case reflect.TypeFor[netip.Prefix]():
		return logwire.TypeSubnet, of((*logwire.Batch).AppendSubnet), noKind(t, o)
	case reflect.TypeFor[event.Port]():
		return logwire.TypePort, of(func(b *logwire.Batch, p event.Port) { b.AppendPort(p.Number, uint8(p.Protocol)) }), noKind(t, o)
	case reflect.TypeFor[event.Enum]():
		o.kind = "enum"
	}
	switch t.Kind() {
	case reflect.String:
		return textual(o)
	case reflect.Float32, reflect.Float64:
		return floating(o)
	case reflect.Bool:
		return logwire.TypeBool, func(b *line, v reflect.Value) { b.AppendBool(v.Bool()) }, noKind(t, o)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return logwire.TypeInt, func(b *line, v reflect.Value) { b.AppendInt(v.Int()) }, noKind(t, o)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return logwire.TypeCount, func(b *line, v reflect.Value) { b.AppendCount(v.Uint()) }, noKind(t, o)
	case reflect.Slice:
		if isBytes(t) {
			return logwire.TypeString, func(b *line, v reflect.Value) { b.AppendBytes(v.Bytes()[:b.text(v.Len())]) }, noKind(t, o)
		}
	}
	return 0, nil, fmt.Errorf("no type of Zeek's is like Go's %v", t)
}

// of is a put of values of a struct type, read in place.
func of[E any](f func(*logwire.Batch, E)) put {
	return func(b *line, v reflect.Value) {
		if v.CanAddr() {
			f(b.Batch, *v.Addr().Interface().(*E))
			return
		}
		f(b.Batch, v.Interface().(E))
	}
}

func textual(o tag) (logwire.Type, put, error) {
	switch o.kind {
	case "":
		return logwire.TypeString, func(b *line, v reflect.Value) { b.AppendString(v.String()[:b.text(v.Len())]) }, nil
	case "enum":
		return logwire.TypeEnum, func(b *line, v reflect.Value) { b.AppendEnum(v.String()) }, nil
	case "func":
		return logwire.TypeFunc, func(b *line, v reflect.Value) { b.AppendFunc(v.String()) }, nil
	case "file":
		return logwire.TypeFile, func(b *line, v reflect.Value) { b.AppendFile(v.String()) }, nil
	}
	return 0, nil, fmt.Errorf("a string cannot be a Zeek %s", o.kind)
}

func floating(o tag) (logwire.Type, put, error) {
	switch o.kind {
	case "":
		return logwire.TypeDouble, func(b *line, v reflect.Value) { b.AppendDouble(v.Float()) }, nil
	case "time":
		return logwire.TypeTime, func(b *line, v reflect.Value) { b.AppendTime(v.Float()) }, nil
	case "interval":
		return logwire.TypeInterval, func(b *line, v reflect.Value) { b.AppendInterval(v.Float()) }, nil
	}
	return 0, nil, fmt.Errorf("a float cannot be a Zeek %s", o.kind)
}

// putTime appends a time as the double that is nearest to it.
func putTime(b *logwire.Batch, t time.Time) {
	switch {
	case t.IsZero():
		b.AppendUnset(logwire.TypeTime)
	case t.Nanosecond()%1000 == 0: // a division that is rounded once
		b.AppendTime(float64(t.UnixMicro()) / 1e6)
	default:
		b.AppendTime(float64(t.Unix()) + float64(t.Nanosecond())/1e9)
	}
}

// noKind refuses options that are for strings and floats.
func noKind(t reflect.Type, o tag) error {
	if o.kind != "" {
		return fmt.Errorf("a %v cannot be a Zeek %s", t, o.kind)
	}
	return nil
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}
