package logtext

import (
	"strings"
	"time"

	"zctl/nodes/logwire"
)

// stamp is the format of #open and #close.
const stamp = "2006-01-02-15-04-05"

// AppendHeader appends the lines that begin a log: none in JSON or without
// include_meta. Zeek gives open in local time; the location of open decides here.
func (f *Formatter) AppendHeader(dst []byte, open time.Time) []byte {
	if !f.meta() {
		return dst
	}
	if f.options.TSV {
		return append(append(dst, f.names()...), '\n')
	}
	o := f.options
	dst = append(dst, o.MetaPrefix+"separator "+escapeMeta(o.Separator)+"\n"...)
	dst = f.appendMeta(dst, "set_separator", escapeMeta(o.SetSeparator))
	dst = f.appendMeta(dst, "empty_field", escapeMeta(o.EmptyField))
	dst = f.appendMeta(dst, "unset_field", escapeMeta(o.UnsetField))
	dst = f.appendMeta(dst, "path", escapeMeta(f.header.Path))
	dst = f.appendMeta(dst, "open", open.Format(stamp))
	return append(dst, f.schema...)
}

// AppendFooter appends the line that ends a log, if there is one.
func (f *Formatter) AppendFooter(dst []byte, closed time.Time) []byte {
	if !f.meta() || f.options.TSV {
		return dst
	}
	return f.appendMeta(dst, "close", closed.Format(stamp))
}

// Schema is the lines of the header that say what the columns are. Records of
// formatters with the same schema and options may stand in one file behind one
// header.
func (f *Formatter) Schema() string { return f.schema }

func (f *Formatter) meta() bool { return f.options.IncludeMeta && !f.options.UseJSON }

func (f *Formatter) names() string {
	return f.row(func(field logwire.Field) string { return field.Name })
}

func (f *Formatter) types() string { return f.row(logwire.Field.TypeName) }

// row is a line with a cell for each field.
func (f *Formatter) row(cell func(logwire.Field) string) string {
	var cells []string
	for _, field := range f.header.Fields {
		cells = append(cells, cell(field))
	}
	return strings.Join(cells, f.options.Separator)
}

func (f *Formatter) appendMeta(dst []byte, key, value string) []byte {
	return append(dst, f.options.MetaPrefix+key+f.options.Separator+value+"\n"...)
}

// escapeMeta escapes what is a space or not printable.
func escapeMeta(s string) string {
	var out []byte
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			out = appendHex(out, s[i])
		} else {
			out = append(out, s[i])
		}
	}
	return string(out)
}
