package logtext

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"zctl/nodes/logwire"
)

// Formatter turns the records of one stream into text. It does not change and
// may be used by several goroutines at once.
type Formatter struct {
	options Options
	header  logwire.Header
	schema  string
	keys    []string // of JSON: `,"name":` for each field

	field   escaper // of values of a record, in TSV
	element escaper // of elements of sets and vectors, in TSV

	bounded bool // see Bounded
}

// maxName bounds the names of fields and the path, in bytes. The longest names of
// Zeek's logs have about 30.
const maxName = 255

// New makes a formatter for batches with this header.
func New(header logwire.Header, options Options) (*Formatter, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	if err := validNames(header, options.Separator); err != nil {
		return nil, err
	}
	f := &Formatter{options: options, header: header}
	f.schema = string(f.appendMeta(f.appendMeta(nil, "fields", f.names()), "types", f.types()))
	if options.UseJSON {
		for _, field := range header.Fields {
			f.keys = append(f.keys, string(append(appendQuoted([]byte{','}, []byte(field.Name)), ':')))
		}
		powers() // not with the first record
		return f, nil
	}
	f.field = newEscaper(options, options.Separator)
	f.element = newEscaper(options, options.Separator, options.SetSeparator)
	return f, nil
}

// validNames refuses what would make another line or column of a log's header:
// the names come from the wire. Those of fields are ASCII in Zeek.
func validNames(h logwire.Header, separator string) error {
	if len(h.Fields) == 0 {
		return fmt.Errorf("cannot format log %q: its records have no fields", h.Path)
	}
	if !printable(h.Path, utf8.MaxRune) || strings.Contains(h.Path, separator) {
		return fmt.Errorf("cannot format log %q: the path is empty, too long or has control characters or a separator", h.Path)
	}
	for i, field := range h.Fields {
		if !printable(field.Name, '~') || strings.Contains(field.Name, separator) {
			return fmt.Errorf("cannot format log %q: the name of field %d, %q, is empty, too long or has more than printable ASCII or a separator", h.Path, i+1, field.Name)
		}
	}
	return nil
}

func printable(name string, last rune) bool {
	return name != "" && len(name) <= maxName &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r > last })
}

// Append appends the lines of n records, whose bytes are what follows the header
// of a batch: all of them and nothing else. If they are not, it returns dst as it
// was and a [*logwire.Error], whose offset counts from the first record.
//
// Each byte of a record becomes at most about 60 bytes of text, unless the
// options have long marks. Who cannot have that uses Some, and Bounded.
func (f *Formatter) Append(dst, records []byte, n int) ([]byte, error) {
	text, _, _, err := f.Some(dst, records, n, math.MaxInt)
	if err != nil {
		return dst, err
	}
	return text, nil
}

// Some is Append that stops behind the record with which dst has limit bytes or
// more. It returns the other records, and how many they are. What is wrong behind
// that is not seen; see Check.
func (f *Formatter) Some(dst, records []byte, n, limit int) (text, rest []byte, left int, err error) {
	if n < 0 || n > len(records)/(valueHeader*len(f.header.Fields)) {
		return dst, records, n, f.malformed(records, n)
	}
	one := f.tsvRecord
	if f.options.UseJSON {
		one = f.jsonRecord
	}
	text, rest = dst, records
	for left = n; left > 0 && len(text) < limit; left-- {
		var ok bool
		if text, rest, ok = one(text, rest); !ok {
			return dst, records, n, f.malformed(records, n)
		}
	}
	if left == 0 && len(rest) > 0 {
		return dst, records, n, f.malformed(records, n)
	}
	return text, rest, left, nil
}

// ErrLong says that records would make more text at once than [Formatter.Bounded]
// is for.
var ErrLong = errors.New("cannot format records in bounded memory: a line would be very long")

// Bounds of a bounded formatter, in bytes.
const (
	mostText   = 2 << 20 // with which a set or vector must not go on
	mostString = 64 << 10
)

// Bounded is the same formatter, but gives up with ErrLong when a single line of text
// gets much longer than a megabyte, or a string is longer than 64 KiB.
func (f *Formatter) Bounded() *Formatter {
	b := *f
	b.bounded, b.field.bounded, b.element.bounded = true, true, true
	return &b
}

// long says that a set or vector must not go on.
func (f *Formatter) long(text []byte) bool { return f.bounded && len(text) > mostText }
