package logger

import (
	"fmt"
	"path"
	"slices"

	"zctl/nodes/logtext"
)

// Format says what kind of text a log is.
type Format string

// The formats. Both writes two files: conn.log in TSV and conn.json.log.
const (
	TSV  Format = "tsv"
	JSON Format = "json"
	Both Format = "both"
)

// Text says which logs are written, and as what.
type Text struct {
	// Format of all logs; "" is TSV.
	Format Format
	// Streams is the formats of some logs, by their path: "conn".
	Streams map[string]Format
	// Include is patterns of paths that are written, as of path.Match; none are all.
	// Exclude is patterns of those that are not, even so.
	Include, Exclude []string
	// Options is Zeek's LogAscii options; nil are Zeek's defaults. UseJSON there has
	// no meaning.
	Options *logtext.Options
}

func (t Text) check() error {
	formats := []Format{t.Format}
	for _, f := range t.Streams {
		formats = append(formats, f)
	}
	for _, f := range formats {
		if !slices.Contains([]Format{"", TSV, JSON, Both}, f) {
			return fmt.Errorf("cannot write logs in format %q; there are tsv, json and both", f)
		}
	}
	for _, pattern := range slices.Concat(t.Include, t.Exclude) {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("cannot choose logs by %q: %w", pattern, err)
		}
	}
	return t.options().Validate()
}

func (t Text) options() logtext.Options {
	if t.Options == nil {
		return logtext.Defaults()
	}
	return *t.Options
}

// kind is the format of one file of a log, and how its name ends.
type kind struct {
	ext     string
	options logtext.Options
}

// of is the files of a log, none if it is not to be written.
func (t Text) of(log string) []kind {
	if len(t.Include) > 0 && !matches(t.Include, log) || matches(t.Exclude, log) {
		return nil
	}
	format, own := t.Streams[log]
	if !own {
		format = t.Format
	}
	tsv, json := t.options(), t.options()
	tsv.UseJSON, json.UseJSON = false, true
	switch format {
	case JSON:
		return []kind{{".log", json}}
	case Both:
		return []kind{{".log", tsv}, {".json.log", json}}
	}
	return []kind{{".log", tsv}}
}

func matches(patterns []string, log string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := path.Match(pattern, log)
		return ok
	})
}
