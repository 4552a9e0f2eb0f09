package layoutgen

import (
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Logs is the section [logs]: what a logger in Go makes of the log records it
// receives, and what becomes of its files. A Zeek logger is told what it has options
// for: rotation_interval, json as a format, and LogAscii; and its rotated logs go the
// same way.
type Logs struct {
	// Format is what all logs are written as: "tsv", "json", or "both", which are
	// two files, conn.log and conn.json.log. Default "tsv".
	Format string `toml:"format"`
	// Streams is the formats of some logs, by the names of their files: { conn =
	// "json" }. Default none.
	Streams map[string]string `toml:"streams"`
	// Include is which logs are written, by patterns of their names ("conn",
	// "known_*"); none are all. Exclude is which are not, even so. Default none.
	Include []string `toml:"include"`
	Exclude []string `toml:"exclude"`
	// FlushInterval is how long a record may wait for more before it is written.
	// Default "1s".
	FlushInterval time.Duration `toml:"flush_interval"`
	LogAscii

	// RotationInterval is how often logs are closed and archived: whenever the time
	// since midnight is a multiple of it (Log::default_rotation_interval). 0 is
	// never. Default "1h".
	RotationInterval time.Duration `toml:"rotation_interval"`
	// RotationSize is the size at which a log is closed and archived before that; 0
	// is any. Default 0.
	RotationSize Size `toml:"rotation_size"`
	// Compression of archived logs: "gzip", "zstd" or "none". Default "gzip".
	Compression string `toml:"compression"`
	// ExpireAfter is how old an archived log gets before it is deleted; 0 is any
	// age. Default 0.
	ExpireAfter time.Duration `toml:"expire_after"`
	// MaxSize is how large all archived logs together get before the oldest are
	// deleted; 0 is any size. Default 0.
	MaxSize Size `toml:"max_size"`
	// Keep is which archived logs are never deleted, by patterns of their names.
	// Default none.
	Keep []string `toml:"keep"`
	// PostProcess is a program, and its arguments, that is run for each archived
	// log, whose path it gets as its last argument. Default none.
	PostProcess []string `toml:"post_process"`

	LogSend
}

// LogSend is what becomes of the records of Go nodes that are no loggers.
type LogSend struct {
	// Spill keeps records in files of the node's work directory while no logger takes
	// them. Default false: then new ones are dropped and counted, as in Zeek.
	Spill bool `toml:"spill"`
	// SpillSize is how much that may be for each node. Default "1GiB".
	SpillSize Size `toml:"spill_size"`
}

// LogAscii is those of Zeek's options of that module that say something about the
// text of a log, by Zeek's names.
type LogAscii struct {
	// JSONTimestamps is how JSON has times: "JSON::TS_EPOCH", "JSON::TS_MILLIS",
	// "JSON::TS_MILLIS_UNSIGNED" or "JSON::TS_ISO8601". Zeek's default
	// "JSON::TS_EPOCH".
	JSONTimestamps string `toml:"json_timestamps"`
	// JSONIncludeUnsetFields makes fields that are not set null in JSON, instead of
	// nothing. Zeek's default false.
	JSONIncludeUnsetFields bool `toml:"json_include_unset_fields"`
	// Separator is what is between fields in TSV. Zeek's default "\t".
	Separator string `toml:"separator"`
	// SetSeparator is what is between elements of sets and vectors in TSV. Zeek's
	// default ",".
	SetSeparator string `toml:"set_separator"`
	// EmptyField is an empty set, vector or string in TSV. Zeek's default "(empty)".
	EmptyField string `toml:"empty_field"`
	// UnsetField is a field that is not set in TSV. Zeek's default "-".
	UnsetField string `toml:"unset_field"`
	// IncludeMeta says whether TSV has the lines before and behind the records.
	// Zeek's default true.
	IncludeMeta bool `toml:"include_meta"`
	// MetaPrefix begins those lines. Zeek's default "#".
	MetaPrefix string `toml:"meta_prefix"`
	// EnableUTF8 leaves UTF-8 in strings as it is in TSV, instead of escaping it.
	// Zeek's default true.
	EnableUTF8 bool `toml:"enable_utf_8"`
}

// Values of Logs.Format, Logs.Compression and LogAscii.JSONTimestamps.
var (
	logFormats     = []string{"tsv", "json", "both"}
	compressions   = []string{"gzip", "zstd", "none"}
	jsonTimestamps = []string{"JSON::TS_EPOCH", "JSON::TS_MILLIS", "JSON::TS_MILLIS_UNSIGNED", "JSON::TS_ISO8601"}
)

// Check says, as [Problems], what cannot be right about options that come from
// elsewhere than a file.
func (l *Logs) Check() error {
	s := &source{}
	l.check(s)
	if len(s.problems) > 0 {
		return s.problems
	}
	return nil
}

func (l *Logs) check(s *source) {
	oneOf(s, "logs.format", l.Format, logFormats...)
	for _, log := range slices.Sorted(maps.Keys(l.Streams)) {
		at := join("logs.streams", log)
		if log == "" || strings.ContainsAny(log, "/*?[=\x00") {
			s.problemf(at, "%s: %q is not the name of a log; give one like conn", at, log)
		}
		oneOf(s, at, l.Streams[log], logFormats...)
	}
	checkPatterns(s, "logs.include", l.Include)
	checkPatterns(s, "logs.exclude", l.Exclude)
	if l.FlushInterval < 10*time.Millisecond || l.FlushInterval > time.Minute {
		s.problemf("logs.flush_interval", `logs.flush_interval is %v; give "10ms" to "1m"`, l.FlushInterval)
	}
	l.LogAscii.check(s)
	l.checkArchive(s)
	if l.SpillSize <= 0 {
		s.problemf("logs.spill_size", `logs.spill_size is %v; give a size like "1GiB"`, l.SpillSize)
	}
}

// checkArchive checks what becomes of closed logs.
func (l *Logs) checkArchive(s *source) {
	if d := l.RotationInterval; d != 0 && (d < time.Second || d > 24*time.Hour) {
		s.problemf("logs.rotation_interval", `logs.rotation_interval is %v; give "0s" (never) or "1s" to "24h"`, d)
	}
	if n := l.RotationSize; n != 0 && n < 64<<10 {
		s.problemf("logs.rotation_size", `logs.rotation_size is %v; give 0 (any size) or "64KiB" and more`, n)
	}
	oneOf(s, "logs.compression", l.Compression, compressions...)
	if d := l.ExpireAfter; d != 0 && (d < time.Second || d < l.RotationInterval) {
		s.problemf("logs.expire_after", `logs.expire_after is %v; give "0s" (never) or more than rotation_interval (%v), like "30d"`, d, l.RotationInterval)
	}
	if l.MaxSize < 0 {
		s.problemf("logs.max_size", `logs.max_size is %v; give 0 (any size) or a size like "500GB"`, l.MaxSize)
	}
	checkPatterns(s, "logs.keep", l.Keep)
	if len(l.PostProcess) > 0 && l.PostProcess[0] == "" || strings.ContainsRune(strings.Join(l.PostProcess, ""), 0) {
		s.problemf("logs.post_process", `logs.post_process needs the name of a program first, and no NUL byte; give ["program", "argument"]`)
	}
}

// maxMark is how long a separator or mark may be, in bytes.
const maxMark = 64

func (a *LogAscii) check(s *source) {
	oneOf(s, "logs.json_timestamps", a.JSONTimestamps, jsonTimestamps...)
	marks := []struct{ path, text string }{
		{"logs.separator", a.Separator}, {"logs.set_separator", a.SetSeparator}, {"logs.empty_field", a.EmptyField},
		{"logs.unset_field", a.UnsetField}, {"logs.meta_prefix", a.MetaPrefix},
	}
	for i, m := range marks {
		switch {
		case i < 2 && m.text == "":
			s.problemf(m.path, "%s is empty, so that nobody could tell what it separates; give at least a character", m.path)
		case len(m.text) > maxMark:
			s.problemf(m.path, "%s has %d bytes; give at most %d", m.path, len(m.text), maxMark)
		case strings.ContainsAny(m.text, "\n\x00"):
			s.problemf(m.path, "%s is %q; it can have no newline, which ends lines, and no NUL byte", m.path, m.text)
		}
	}
	if a.Separator == a.SetSeparator {
		s.problemf("logs.set_separator", "logs.set_separator is %q, as is logs.separator; make them differ", a.SetSeparator)
	}
}

func checkPatterns(s *source, at string, patterns []string) {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil || p == "" || strings.ContainsRune(p, 0) {
			s.problemf(at, "%s: %q is no pattern; give the name of a log, maybe with * and ? in it", at, p)
		}
	}
}

// Rotates says whether logs are closed and archived without anybody asking for it.
func (l *Logs) Rotates() bool { return l.RotationInterval > 0 || l.RotationSize > 0 }

// minMemory is what a logger can work with.
const minMemory = 32 << 20

func (l *Loggers) check(s *source) {
	checkOwnPort(s, "loggers.port", l.Port)
	checkCount(s, "loggers.count", l.Count)
	l.Process.check(s, "loggers")
	if l.Memory < minMemory {
		s.problemf("loggers.memory", "loggers.memory is %v; give %q or more", l.Memory, Size(minMemory).String())
	}
}
