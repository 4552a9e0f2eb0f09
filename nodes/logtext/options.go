package logtext

import (
	"errors"
	"fmt"
	"strings"
)

// Timestamps says how JSON has times. The names are those of Zeek's enum
// JSON::TimestampFormat.
type Timestamps string

const (
	Epoch          Timestamps = "JSON::TS_EPOCH"           // seconds: 1591367999.305988
	Millis         Timestamps = "JSON::TS_MILLIS"          // milliseconds, signed: 1591367999305
	MillisUnsigned Timestamps = "JSON::TS_MILLIS_UNSIGNED" // the same, times before 1970 as 2^64 less
	ISO8601        Timestamps = "JSON::TS_ISO8601"         // UTC: "2020-06-05T14:39:59.305988Z"
)

// Options are Zeek's LogAscii options that say something about the text of a
// log; the comments have Zeek's name and default. Begin with [Defaults].
type Options struct {
	UseJSON                bool       // LogAscii::use_json, F
	JSONTimestamps         Timestamps // LogAscii::json_timestamps, JSON::TS_EPOCH
	JSONIncludeUnsetFields bool       // LogAscii::json_include_unset_fields, F: null instead of nothing
	EnableUTF8             bool       // LogAscii::enable_utf_8, T: UTF-8 stays as it is in TSV
	IncludeMeta            bool       // LogAscii::include_meta, T; JSON never has meta lines
	MetaPrefix             string     // LogAscii::meta_prefix, "#"
	Separator              string     // LogAscii::separator, "\t": between fields
	SetSeparator           string     // LogAscii::set_separator, ",": between elements of sets and vectors
	EmptyField             string     // LogAscii::empty_field, "(empty)"
	UnsetField             string     // LogAscii::unset_field, "-"
	TSV                    bool       // the filter's config tsv, F: the only meta line is one of field names
}

// Defaults is what Zeek has by default.
func Defaults() Options {
	return Options{
		JSONTimestamps: Epoch, EnableUTF8: true, IncludeMeta: true,
		MetaPrefix: "#", Separator: "\t", SetSeparator: ",", EmptyField: "(empty)", UnsetField: "-",
	}
}

// maxMark bounds the separators and marks, in bytes, and with them how much
// longer than a batch its text can be.
const maxMark = 64

// Validate says what is wrong with options.
func (o Options) Validate() error {
	switch o.JSONTimestamps {
	case Epoch, Millis, MillisUnsigned, ISO8601:
	default:
		return fmt.Errorf("cannot format logs: unknown json_timestamps %q; take %s, %s, %s or %s", o.JSONTimestamps, Epoch, Millis, MillisUnsigned, ISO8601)
	}
	marks := []struct{ name, text string }{
		{"separator", o.Separator}, {"set_separator", o.SetSeparator}, {"meta_prefix", o.MetaPrefix},
		{"empty_field", o.EmptyField}, {"unset_field", o.UnsetField},
	}
	for i, mark := range marks {
		switch {
		case i < 2 && mark.text == "":
			return fmt.Errorf("cannot format logs: %s is empty; see Defaults", mark.name)
		case len(mark.text) > maxMark:
			return fmt.Errorf("cannot format logs: %s has %d bytes; take at most %d", mark.name, len(mark.text), maxMark)
		case strings.Contains(mark.text, "\n"):
			return fmt.Errorf("cannot format logs: %s has a newline, which ends lines", mark.name)
		}
	}
	if o.Separator == o.SetSeparator {
		return errors.New("cannot format logs: separator and set_separator are the same; make them differ")
	}
	return nil
}
