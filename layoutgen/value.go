package layoutgen

import (
	"math"
	"strconv"
	"time"
)

// value is an option that zctl.toml may set: it is checked there, written to a
// script, and read from there again.
type value interface {
	check(s *source, path string)
	literal() string // as Zeek writes it; "" if it is not set
	read(*parser) error
}

// whole is a whole number that is not below least. libzmq's are C's int.
type whole struct {
	*Setting[int]
	least int
}

func (w whole) check(s *source, path string) {
	if w.Set && (w.Value < w.least || w.Value > math.MaxInt32) {
		s.problemf(path, "%s is %d; give %d to %d", path, w.Value, w.least, math.MaxInt32)
	}
}

func (w whole) literal() string {
	if !w.Set {
		return ""
	}
	return strconv.Itoa(w.Value)
}

func (w whole) read(p *parser) error { return number(w.Setting, w.least)(p) }

// yesNo is T or F.
type yesNo struct{ *Setting[bool] }

func (f yesNo) check(*source, string) {}

func (f yesNo) literal() string {
	switch {
	case !f.Set:
		return ""
	case f.Value:
		return "T"
	default:
		return "F"
	}
}

func (f yesNo) read(p *parser) error { return truth(f.Setting)(p) }

// span is an interval.
type span struct{ *Setting[time.Duration] }

func (i span) check(s *source, path string) {
	if i.Set && (i.Value < time.Millisecond || i.Value > 24*time.Hour) {
		s.problemf(path, `%s is %v; give "1ms" to "24h"`, path, i.Value)
	}
}

func (i span) literal() string {
	if !i.Set {
		return ""
	}
	return strconv.FormatFloat(i.Value.Seconds(), 'f', -1, 64) + "sec"
}

func (i span) read(p *parser) error { return interval(i.Setting)(p) }
