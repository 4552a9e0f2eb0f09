package archive

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"zctl/layoutgen/lazyregexp"
)

// Adopted is a log that a logger left behind.
type Adopted struct {
	Job
	Torn int64 // bytes of a last line that was never finished, which were cut off
}

// Adopt finds the logs that an earlier logger, of Zeek or ours, left in its
// directory, and makes jobs of them: rotated logs that were not archived, and
// live ones, which are rotated first so that their places are free. It is to be
// called before a logger opens its logs; what is found is thought to be nobody's.
// Logs that have no suffix in their name get the given one. Times are those of
// the name, else of the log's header or its first record and of the last write; a
// nil loc is local time. An error
// tells of the logs that could not be adopted and are left alone; the jobs are
// those that could.
func Adopt(dir, suffix string, loc *time.Location) ([]Adopted, error) {
	if loc == nil {
		loc = time.Local
	}
	entries, err := readDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot look for logs that were left behind: %w", err)
	}
	var adopted []Adopted
	var failed []error
	for _, entry := range entries {
		a, err := adopt(filepath.Join(dir, entry.Name()), suffix, loc)
		switch {
		case err == nil:
			adopted = append(adopted, a)
		case !errors.Is(err, errNoLog):
			failed = append(failed, fmt.Errorf("cannot adopt the log %s: %w%s", entry.Name(), err, advice(err)))
		}
	}
	return adopted, errors.Join(failed...)
}

var errNoLog = errors.New("not a log")

// notLogs are what a supervisor keeps open in the directory of a node.
var notLogs = map[string]bool{"stdout.log": true, "stderr.log": true}

// liveName is a log as it is called while it is written, also by a Zeek with
// LogAscii::gzip_level.
var liveName = lazyregexp.New(`^([^.].*?)(\.log(?:\.gz)?)$`)

func adopt(path, suffix string, loc *time.Location) (Adopted, error) {
	dir, file := filepath.Split(path)
	if file, ok := strings.CutPrefix(file, shadowPrefix); ok {
		return Adopted{}, dropShadow(path, dir+file)
	}
	if strings.HasPrefix(file, tempPrefix) {
		_, err := removeStale(path) // of a salvage that was killed
		return Adopted{}, cmp.Or(err, errNoLog)
	}
	if strings.HasPrefix(file, ".") || notLogs[file] || !isLog(path) {
		return Adopted{}, errNoLog
	}
	if name, ok := ParseRotated(file, loc); ok {
		return Adopted{Job: name.job(path)}, nil
	}
	name, ok := zeekRotated(file, loc)
	if ok {
		return adoptRotated(path, suffix, name)
	}
	shadow := readShadow(path)
	if ext := shadow.ext; ext != "" && strings.HasSuffix(file, ext) {
		name.Stream, name.Ext = strings.TrimSuffix(file, ext), ext
	} else if m := liveName().FindStringSubmatch(file); m != nil {
		name.Stream, name.Ext = m[1], m[2]
	} else {
		return Adopted{}, errNoLog
	}
	name.Suffix = suffix
	return adoptLive(path, shadow, name, loc)
}

// adoptRotated takes a log whose name says when it was opened; it was closed
// when it was last written to (spec: cluster-framework 3.2).
func adoptRotated(path, suffix string, name Name) (Adopted, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Adopted{}, err
	}
	name.Suffix, name.Close = suffix, info.ModTime()
	if name.Close.Before(name.Open) {
		name.Close = name.Open
	}
	return Adopted{Job: name.job(path)}, nil
}

// adoptLive rotates a log in its directory. Its shadow goes last, as it says when
// the log was opened.
func adoptLive(path string, shadow shadow, name Name, loc *time.Location) (Adopted, error) {
	var err error
	if name.Open, name.Close, err = leftover(path, shadow, loc); err != nil {
		return Adopted{}, err
	}
	if strings.HasSuffix(name.Ext, Gzip.ext()) {
		return adoptGzip(path, shadow, name)
	}
	torn, err := cutTorn(path)
	if err != nil {
		return Adopted{}, err
	}
	if path, err = rotate(path, filepath.Dir(path), name); err != nil {
		return Adopted{}, err
	}
	return Adopted{Job: name.job(path), Torn: torn}, shadow.remove()
}

// adoptGzip is that for a compressed log. One that is torn is replaced by the
// lines that can be read of it.
func adoptGzip(path string, shadow shadow, name Name) (Adopted, error) {
	tmp, err := salvage(path)
	if err != nil {
		return Adopted{}, err
	}
	if tmp == nil {
		if path, err = rotate(path, filepath.Dir(path), name); err != nil {
			return Adopted{}, err
		}
		return Adopted{Job: name.job(path)}, shadow.remove()
	}
	defer tmp.discard()
	torn, err := cutTorn(tmp.Name())
	if err != nil {
		return Adopted{}, err
	}
	name.Ext = strings.TrimSuffix(name.Ext, Gzip.ext())
	rotated, err := rotate(tmp.Name(), filepath.Dir(path), name)
	if err != nil {
		return Adopted{}, err
	}
	return Adopted{Job: name.job(rotated), Torn: torn}, errors.Join(os.Remove(path), shadow.remove())
}

// zeekNames are how Zeek calls rotated logs if no post-processor is to see them
// (spec: cluster-framework 3.2).
var zeekNames = []struct {
	re     func() *regexp.Regexp
	format string
}{
	{lazyregexp.New(`^([^.].*)-(\d\d-\d\d-\d\d_\d\d\.\d\d\.\d\d)(\.log(?:\.gz)?)$`), "06-01-02_15.04.05"},
	{lazyregexp.New(`^([^.].*)\.(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)(\.log(?:\.gz)?)$`), rotatedFormat},
}

// zeekRotated reads such a name, which says nothing of the end.
func zeekRotated(file string, loc *time.Location) (Name, bool) {
	for _, z := range zeekNames {
		if m := z.re().FindStringSubmatch(file); m != nil {
			if open, err := time.ParseInLocation(z.format, m[2], loc); err == nil {
				return Name{Stream: m[1], Open: open, Ext: m[3]}, true
			}
		}
	}
	return Name{}, false
}
