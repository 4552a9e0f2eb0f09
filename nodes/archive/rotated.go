package archive

import (
	"strconv"
	"strings"
	"time"

	"zctl/layoutgen/lazyregexp"
)

// rotatedFormat is how times stand in the name of a rotated log, which is one
// that waits to be archived (spec: cluster-framework 3.1).
const rotatedFormat = "2006-01-02-15-04-05"

// Rotated is the name of a rotated log as Zeek's loggers make it for
// zeek-archiver: "conn__2026-11-25-13-00-00__2026-11-25-14-00-00__log_suffix=logger-1__.log".
// A counter stands with the suffix, where zeek-archiver passes it over.
func (n Name) Rotated() string {
	var meta []string
	if n.Suffix != "" {
		meta = append(meta, "log_suffix="+n.Suffix)
	}
	if n.Counter != 0 {
		meta = append(meta, "n="+strconv.Itoa(n.Counter))
	}
	s := n.Stream + "__" + n.Open.Format(rotatedFormat) + "__" + n.Close.Format(rotatedFormat) + "__"
	if len(meta) > 0 {
		s += strings.Join(meta, ",") + "__"
	}
	return s + n.Ext
}

// rotatedName is that with what zeek-archiver tolerates behind a time. A stream may
// look like anything, so the last times count.
var rotatedName = lazyregexp.New(`(?s)^(.*)__(\d{4}(?:-\d\d){5})[^_]*__(\d{4}(?:-\d\d){5})[^_]*__(.*)$`)

// ParseRotated reads the name of a rotated log, with its times in loc. What
// zeek-archiver leaves alone is none, save that the name of a stream may contain
// "__" (spec: generators 4).
func ParseRotated(file string, loc *time.Location) (Name, bool) {
	m := rotatedName().FindStringSubmatch(file)
	if m == nil {
		return Name{}, false
	}
	n := Name{Stream: m[1], Ext: m[4]}
	if meta, ext, ok := strings.Cut(m[4], "__"); ok {
		n.Ext = ext
		if !n.setMeta(meta) {
			return Name{}, false
		}
	}
	var err error
	if n.Open, err = time.ParseInLocation(rotatedFormat, m[2], loc); err != nil {
		return Name{}, false
	}
	if n.Close, err = time.ParseInLocation(rotatedFormat, m[3], loc); err != nil {
		return Name{}, false
	}
	return n, n.check() == nil
}

// setMeta takes over the entries "k=v,k=v" of a name. The last of a key counts,
// keys that mean nothing to us are passed over.
func (n *Name) setMeta(meta string) bool {
	if meta == "" {
		return true
	}
	for entry := range strings.SplitSeq(meta, ",") {
		key, value, ok := strings.Cut(entry, "=")
		if !ok || strings.Contains(value, "=") {
			return false
		}
		switch strings.TrimSpace(key) {
		case "log_suffix":
			n.Suffix = Suffix(value)
		case "n":
			n.Counter, _ = strconv.Atoi(value)
		}
	}
	return true
}
