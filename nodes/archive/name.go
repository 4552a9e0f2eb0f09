package archive

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"zctl/layoutgen/lazyregexp"
)

// maxCounter is how many logs may want one name. That many are a mistake.
const maxCounter = 9999

const (
	dayFormat   = "2006-01-02"
	clockFormat = "15:04:05"
)

// Name is what the name of an archived log says.
type Name struct {
	Stream string // "conn": the path of the log, not the name of its stream in Zeek
	// When the log was opened and closed; only seconds of the day are in the
	// name, in the time's own location. The day is that of Open.
	Open, Close time.Time
	Suffix      string // "logger-1", or "" if there is one logger; see [Suffix]
	Counter     int    // 0 if no file had the name before, else 2, 3, …
	Ext         string // ".log.gz"; begins with a dot if there is one
}

// Day is the name of the directory, "2026-11-25".
func (n Name) Day() string { return n.Open.Format(dayFormat) }

// File is the name of the file in the directory of its day,
// "conn.13:00:00-14:00:00-logger-1.log.gz". The counter, which zeekctl's names
// have not, stands as ".2" before the extension.
func (n Name) File() string {
	var b strings.Builder
	b.WriteString(n.Stream + "." + n.Open.Format(clockFormat) + "-" + n.Close.Format(clockFormat))
	if n.Suffix != "" {
		b.WriteString("-" + n.Suffix)
	}
	if n.Counter != 0 {
		b.WriteString("." + strconv.Itoa(n.Counter))
	}
	b.WriteString(n.Ext)
	return b.String()
}

// Path is the path of the file below the directory of all archived logs.
func (n Name) Path() string { return filepath.Join(n.Day(), n.File()) }

// check says why a name would not be read back, or leave its directory.
func (n Name) check() error {
	switch {
	case n.Stream == "" || n.Stream[0] == '.': // as zeek-archiver's temporary files
		return fmt.Errorf("an archive of log %q would be hidden; rename it", n.Stream)
	case strings.ContainsAny(n.Stream, "/\x00"):
		return fmt.Errorf("the name of log %q contains a slash; rename it", n.Stream)
	case n.Suffix != Suffix(n.Suffix):
		return fmt.Errorf("suffix %q is no part of a file name; use %q", n.Suffix, Suffix(n.Suffix))
	case n.Counter < 0 || n.Counter > maxCounter:
		return fmt.Errorf("counter %d is none; use 0 to %d", n.Counter, maxCounter)
	case !validExt().MatchString(n.Ext) || strings.Contains(n.Ext, "__"):
		return fmt.Errorf("%q is no extension; use .log", n.Ext)
	}
	return nil
}

// Suffix is what tells the logs of one logger from those of another, made from
// the name of its node: what would be taken for another part of a name becomes
// a dash.
func Suffix(node string) string {
	clean := strings.Map(func(r rune) rune {
		if strings.ContainsRune("./,=\x00", r) {
			return '-'
		}
		return r
	}, strings.TrimSpace(node))
	clean = strings.ReplaceAll(clean, "__", "--")
	if s, ok := strings.CutSuffix(clean, "_"); ok {
		return s + "-"
	}
	return clean
}

var (
	// The first part of an extension is no number, that would be a counter.
	validExt = lazyregexp.New(`^(\.[^./:\x00]*[^./:\x000-9][^./:\x00]*(\.[^/:\x00]*)?)?$`)
	// A stream may look like anything, so the last times count.
	archiveName = lazyregexp.New(`(?s)^([^.].*)\.(\d\d:\d\d:\d\d)-(\d\d:\d\d:\d\d)(?:-([^./\x00]+))?(?:\.([1-9]\d{0,3}))?((?:\.[^:/\x00]*)?)$`)
)

// ParseName reads the name of an archived log, given the name of its directory
// and of its file. Times are in loc. A log that was closed before the time of
// day it was opened at was closed on the next day; that one was open for longer
// than a day, the name cannot say. It is false for what is not such a name.
func ParseName(day, file string, loc *time.Location) (Name, bool) {
	m := archiveName().FindStringSubmatch(file)
	if m == nil {
		return Name{}, false
	}
	n := Name{Stream: m[1], Suffix: m[4], Ext: m[6]}
	n.Counter, _ = strconv.Atoi("0" + m[5])
	var err error
	if n.Open, err = time.ParseInLocation(dayFormat+" "+clockFormat, day+" "+m[2], loc); err != nil {
		return Name{}, false
	}
	if n.Close, err = time.ParseInLocation(dayFormat+" "+clockFormat, day+" "+m[3], loc); err != nil {
		return Name{}, false
	}
	if n.Close.Before(n.Open) {
		n.Close = n.Close.AddDate(0, 0, 1)
	}
	return n, n.check() == nil
}
