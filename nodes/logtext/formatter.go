package logtext

import (
	"fmt"
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
// options have long marks.
func (f *Formatter) Append(dst, records []byte, n int) ([]byte, error) {
	if n < 0 || n > len(records)/(valueHeader*len(f.header.Fields)) {
		return dst, f.malformed(records, n)
	}
	var text, rest []byte
	var ok bool
	if f.options.UseJSON {
		text, rest, ok = f.jsonRecords(dst, records, n)
	} else {
		text, rest, ok = f.tsvRecords(dst, records, n)
	}
	if !ok || len(rest) > 0 {
		return dst, f.malformed(records, n)
	}
	return text, nil
}
