package table

import (
	"net/netip"
	"reflect"
	"time"

	"zctl/nodes/event"
)

// isLoose says whether several keys of a type may be the same to Zeek: there are
// addresses that are written in two ways, and times in several zones.
func isLoose(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[netip.Addr](), reflect.TypeFor[netip.Prefix](), reflect.TypeFor[time.Time](), reflect.TypeFor[event.Port]():
		return true
	}
	switch t.Kind() {
	case reflect.Array:
		return isLoose(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() && isLoose(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// tighten makes a key what it is after it was Zeek's.
func tighten(v reflect.Value) {
	switch p := v.Addr().Interface().(type) {
	case *netip.Addr:
		*p, _ = event.Address(*p).Address()
		return
	case *netip.Prefix:
		*p, _ = event.Subnet(*p).Subnet()
		return
	case *time.Time:
		*p, _ = event.Timestamp(*p).Time()
		return
	case *event.Port:
		*p, _ = event.PortValue(*p).Port()
		return
	}
	switch v.Kind() {
	case reflect.Array:
		for i := range v.Len() {
			tighten(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				tighten(v.Field(i))
			}
		}
	}
}
