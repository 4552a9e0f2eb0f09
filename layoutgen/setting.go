package layoutgen

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The readers of options: each reads a literal of its type, and the semicolon behind
// it, so that what is longer than a literal is an error rather than half read.

// text reads "…".
func text(to *Setting[string]) func(*parser) error {
	return literal(to, func(p *parser) (string, error) { return p.stringLiteral("a value") })
}

// truth reads T or F.
func truth(to *Setting[bool]) func(*parser) error {
	return literal(to, func(p *parser) (bool, error) {
		yes := p.accept("T")
		if !yes && !p.accept("F") {
			return false, p.errorf("expected T or F, not %s", p.tok)
		}
		return yes, nil
	})
}

// number reads a whole number that is not below least.
func number(to *Setting[int], least int) func(*parser) error {
	return literal(to, func(p *parser) (int, error) { return p.wholeNumber(least) })
}

func (p *parser) wholeNumber(least int) (int, error) {
	p.accept("+")
	n, err := strconv.ParseInt(p.tok.text, 10, 32) // libzmq's are C's int
	if p.tok.kind != word || err != nil || int(n) < least {
		return 0, p.errorf("expected a whole number of %d or more, not %s", least, p.tok)
	}
	p.next()
	return int(n), nil
}

// tag reads Cluster::PREFIX_NAME, where NAME is one of names.
func tag(to *Setting[string], prefix string, names ...string) func(*parser) error {
	return literal(to, func(p *parser) (string, error) {
		name, ok := strings.CutPrefix(strings.TrimPrefix(p.tok.text, "Cluster::"), prefix)
		if p.tok.kind != word || !ok || !slices.Contains(names, name) {
			return "", p.errorf("expected Cluster::%s%s, not %s", prefix, strings.Join(names, " or _"), p.tok)
		}
		p.next()
		return name, nil
	})
}

// units of Zeek's intervals.
var units = map[string]time.Duration{
	"usec": time.Microsecond, "msec": time.Millisecond, "sec": time.Second,
	"min": time.Minute, "hr": time.Hour, "day": 24 * time.Hour,
}

// interval reads 10sec, 1.5 mins and the like.
func interval(to *Setting[time.Duration]) func(*parser) error {
	return literal(to, func(p *parser) (time.Duration, error) {
		start := *p
		digits := strings.LastIndexAny(p.tok.text, "0123456789.") + 1
		n, err := strconv.ParseFloat(p.tok.text[:digits], 64)
		unit := p.tok.text[digits:]
		p.next()
		if unit == "" {
			unit = p.tok.text
			p.next()
		}
		length, known := units[strings.TrimSuffix(unit, "s")]
		d := n * float64(length)
		if start.tok.kind != word || err != nil || !known || math.Abs(d) >= math.MaxInt64 {
			return 0, start.errorf("expected an interval, like 10sec, not %s", start.tok)
		}
		return time.Duration(math.Round(d)), nil
	})
}

// literal reads the rest of: redef NAME = LITERAL;
func literal[T any](to *Setting[T], value func(*parser) (T, error)) func(*parser) error {
	return func(p *parser) error {
		p.next()
		if err := p.expect("="); err != nil {
			return err
		}
		v, err := value(p)
		if err != nil {
			return err
		}
		*to = Setting[T]{v, true}
		return p.expect(";")
	}
}
