package archive

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"zctl/layoutgen/lazyregexp"
)

// leftover finds when a live log of a crashed logger was opened and closed. It
// was opened when its header says (#open), else when its shadow was made, else
// at the time of its first record. It was closed at what its last line says
// (#close), else when it was last written to, as Zeek has it.
func leftover(path string, shadow shadow, loc *time.Location) (opened, closed time.Time, err error) {
	f, err := os.Open(path)
	if err != nil {
		return opened, closed, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return opened, closed, err
	}
	first, last := ends(f, info.Size())
	closed, ok := headerTime(lastLine(last), "#close", loc)
	if !ok {
		closed = info.ModTime()
	}
	opened, ok = headerTime(first, "#open", loc)
	if !ok {
		opened, ok = shadow.open, shadow.path != ""
	}
	if !ok {
		opened, ok = recordTime(first)
	}
	if !ok || opened.After(closed) { // a record may have any time
		opened = closed
	}
	return opened, closed, nil
}

// ends reads the first and the last bytes of a log, the first also of one that
// is compressed.
func ends(f *os.File, size int64) (first, last []byte) {
	var head io.Reader = io.NewSectionReader(f, 0, size)
	if strings.HasSuffix(f.Name(), ".gz") {
		if unzipped, err := Gzip.reader(head); err == nil {
			head = unzipped
		}
	}
	first, _ = io.ReadAll(io.LimitReader(head, 64<<10)) // of a torn file what there is
	last, _ = io.ReadAll(io.NewSectionReader(f, max(0, size-256), 256))
	return first, last
}

// lastLine is the last line of text that was finished.
func lastLine(text []byte) []byte {
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	return text[bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n')+1:]
}

// headerTime is the time in the first line of text that begins with key, a
// separator, whatever it is, and a time.
func headerTime(text []byte, key string, loc *time.Location) (time.Time, bool) {
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		if !bytes.HasPrefix(line, []byte(key)) || len(line) < len(key)+len(rotatedFormat) {
			continue
		}
		t, err := time.ParseInLocation(rotatedFormat, string(line[len(line)-len(rotatedFormat):]), loc)
		if err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// number is the first field of a record in TSV.
var number = lazyregexp.New(`^\d{1,12}(\.\d+)?`)

// recordTime is the time of the first record in text, which is its field ts, or
// its first one.
func recordTime(text []byte) (time.Time, bool) {
	for line := range bytes.Lines(text) {
		if line[0] == '#' {
			continue
		}
		if line[0] != '{' {
			return parseTime(string(number().Find(line)))
		}
		var record struct {
			TS json.RawMessage `json:"ts"`
		}
		if json.Unmarshal(line, &record) != nil {
			return time.Time{}, false
		}
		return parseTime(strings.Trim(string(record.TS), `"`))
	}
	return time.Time{}, false
}

// parseTime reads a time in any of the forms of LogAscii::json_timestamps:
// seconds, milliseconds, or ISO 8601.
func parseTime(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds >= 0 && seconds < 1e15) {
		return time.Time{}, false
	}
	if seconds > 1e11 { // the year 5138, or milliseconds
		seconds /= 1000
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), true
}
