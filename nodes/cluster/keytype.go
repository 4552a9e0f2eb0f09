package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// keyType is a type that keys can have.
type keyType struct {
	tag     string
	name    string // of an enum type, "" if not known; else what people call it
	example string
	elem    *keyType // of a vector
	fields  []fieldType
}

type fieldType struct {
	name     string
	typ      keyType
	optional bool
}

// maxTypeDepth bounds how deep vectors and records are nested.
const maxTypeDepth = 32

func parseKeyType(s string, depth int) (keyType, error) {
	s = strings.TrimSpace(s)
	if depth > maxTypeDepth {
		return keyType{}, fmt.Errorf("it is nested more than %d deep", maxTypeDepth)
	}
	for _, t := range keyTypes {
		if t.name == s {
			return keyType{tag: t.tag, name: t.name, example: t.example}, nil
		}
	}
	if elem, ok := between(s, "vector[", "]"); ok {
		return vectorType(elem, depth)
	}
	if elem, ok := strings.CutPrefix(s, "vector of "); ok {
		return vectorType(elem, depth)
	}
	if fields, ok := between(s, "record{", "}"); ok {
		return recordType(fields, depth)
	}
	if s == "enum" && depth == 0 { // the value tells
		return keyType{tag: tagEnum}, nil
	}
	if name, ok := strings.CutPrefix(s+" ", "enum "); ok {
		return enumType(strings.TrimSpace(name))
	}
	if strings.Contains(s, "::") {
		return enumType(s)
	}
	return keyType{}, fmt.Errorf("there are %s, names of enum types like Cluster::NodeType, vector[count] and record{a:count;b:string?}",
		strings.Join(KeyTypes(), ", "))
}

// enumType is the enum type of that name.
func enumType(name string) (keyType, error) {
	if name == "" || strings.ContainsAny(name, " \t\r\n,;?[]{}\x00") {
		return keyType{}, errors.New("expected the name of an enum type, like Cluster::NodeType")
	}
	return keyType{tag: tagEnum, name: name}, nil
}

func vectorType(elem string, depth int) (keyType, error) {
	t, err := parseKeyType(elem, depth+1)
	return keyType{tag: tagVector, elem: &t}, err
}

func recordType(fields string, depth int) (keyType, error) {
	t := keyType{tag: tagRecord}
	parts, err := splitOutside(fields, ';')
	for _, part := range parts {
		name, typ, ok := strings.Cut(part, ":")
		typ, optional := strings.CutSuffix(strings.TrimSpace(typ), "?")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsRune(name, 0) {
			return keyType{}, fmt.Errorf("expected a field like a:count, not %q", part)
		}
		if slices.ContainsFunc(t.fields, func(f fieldType) bool { return f.name == name }) {
			return keyType{}, fmt.Errorf("field %s is there twice", name)
		}
		field, err := parseKeyType(typ, depth+1)
		if err != nil {
			return keyType{}, err
		}
		t.fields = append(t.fields, fieldType{name, field, optional})
	}
	return t, err
}

// describe is the description of the type as it is hashed.
func (t keyType) describe() string {
	switch t.tag {
	case tagEnum:
		return tagEnum + t.name
	case tagVector:
		return tagVector + t.elem.describe()
	case tagRecord:
		var fields []KeyField
		for _, f := range t.fields {
			fields = append(fields, KeyField{Name: f.name, Key: Key{typ: f.typ.describe()}, Unset: true})
		}
		return RecordKey(fields...).typ
	}
	return t.tag
}
