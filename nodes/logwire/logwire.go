// Package logwire is how Zeek nodes send log records to loggers: batches in
// Zeek's serialization zeek-bin-serializer (spec: wire 3).
//
// A node makes a batch with [NewBatch] and its Append methods; a logger takes
// one apart with [Parse] and reads its records with a [Reader], value by value,
// without anything being copied. Decoding trusts nothing: every length is
// checked against what is there, and errors say where (a Zeek 8.1 logger aborts
// instead; spec: wire T19).
//
// The package knows no sockets and no file formats.
package logwire

import "encoding/binary"

// Format is the name of the serialization on the wire, and Topic the first
// frame of each message (spec: wire 1.5).
const (
	Format = "zeek-bin-serializer"
	Topic  = "log-write"
)

// Type is Zeek's TypeTag (spec: wire 3.3).
type Type uint32

const (
	TypeBool     Type = 1
	TypeInt      Type = 2
	TypeCount    Type = 3
	TypeDouble   Type = 4
	TypeTime     Type = 5
	TypeInterval Type = 6
	TypeString   Type = 7
	TypeEnum     Type = 9
	TypePort     Type = 10
	TypeAddr     Type = 11
	TypeSubnet   Type = 12
	TypeSet      Type = 14 // a table, to Zeek
	TypeFunc     Type = 17
	TypeFile     Type = 18
	TypeVector   Type = 19
)

// typeNames has the types that logs cannot have, too, as they may stand in a
// header.
var typeNames = map[Type]string{
	0: "void", 8: "pattern", 13: "any", 14: "table", 15: "record", 16: "list", 19: "vector", 20: "opaque", 21: "type", 22: "error",
	TypeBool: "bool", TypeInt: "int", TypeCount: "count", TypeDouble: "double", TypeTime: "time",
	TypeInterval: "interval", TypeString: "string", TypeEnum: "enum", TypePort: "port", TypeAddr: "addr",
	TypeSubnet: "subnet", TypeFunc: "func", TypeFile: "file",
}

// Field is one field of a stream's records.
type Field struct {
	Name     string // dotted for nested records: "id.orig_h"
	Type     Type
	Subtype  Type // of the elements, for sets and vectors
	Optional bool
}

// TypeName is the type of the field as a log file's header has it:
// "time", "set[string]".
func (f Field) TypeName() string {
	switch f.Type {
	case TypeSet:
		return "set[" + typeNames[f.Subtype] + "]"
	case TypeVector:
		return "vector[" + typeNames[f.Subtype] + "]"
	}
	return typeNames[f.Type]
}

// Header is what all records of a batch have in common.
type Header struct {
	Stream string // "Conn::LOG"
	Writer string // "Log::WRITER_ASCII"
	Filter string // "default"
	Path   string // "conn"
	Fields []Field
}

// maxFields bounds the fields of a record; the longest of Zeek's has about 60.
const maxFields = 4096

// Parse reads the header of a batch and returns a reader of its records. All of
// it refers to payload.
func Parse(payload []byte) (Header, *Reader, error) {
	r := &Reader{in: payload}
	var h Header
	for _, text := range []*string{&h.Stream, &h.Writer, &h.Filter, &h.Path} {
		*text = r.name()
	}
	n := r.u32()
	if r.err == nil && (n == 0 || n > maxFields) {
		r.fail("%d fields, not 1 to %d", n, maxFields)
	}
	for i := uint32(0); i < n && r.err == nil; i++ {
		h.Fields = append(h.Fields, r.field())
		if r.pos > maxHeader {
			r.fail("a header of more than %d bytes", maxHeader)
		}
	}
	r.Records = int(r.u32())
	// Every value has at least a type, a subtype and a flag.
	if least := len(h.Fields) * valueHeader; r.err == nil && r.Records > len(r.Rest())/max(1, least) {
		r.fail("%d records, but only %d bytes follow", r.Records, len(r.Rest()))
	}
	if r.err == nil && (h.Stream == "" || h.Path == "") {
		r.fail("no stream or no path")
	}
	return h, r, r.Err()
}

// maxHeader bounds a header, in bytes. Zeek's longest have about a thousand.
const maxHeader = 64 << 10

// valueHeader is the size of what stands in front of every value, in bytes.
const valueHeader = 9

// Batch is a batch under construction.
type Batch struct {
	Records int
	text    []byte
	countAt int
}

// NewBatch begins a batch.
func NewBatch(h Header) *Batch {
	b := &Batch{}
	for _, text := range []string{h.Stream, h.Writer, h.Filter, h.Path} {
		b.bytes(text)
	}
	b.u32(uint32(len(h.Fields)))
	for _, f := range h.Fields {
		b.flag(false) // no secondary name
		b.bytes(f.Name)
		b.u32(uint32(f.Type))
		b.u32(uint32(f.Subtype))
		b.flag(f.Optional)
	}
	b.countAt = len(b.text)
	b.u32(0)
	return b
}

// Payload is the whole batch.
func (b *Batch) Payload() []byte {
	binary.BigEndian.PutUint32(b.text[b.countAt:], uint32(b.Records))
	return b.text
}
