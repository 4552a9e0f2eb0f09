package imports

import (
	"strings"
)

// readINI reads node.cfg as ZeekControl does, which leaves that to Python's
// configparser: keys in any case, = or : behind them, comments that fill lines,
// values that go on in indented lines, %% for %, %(key)s for another key's value, and
// a section DEFAULT for all. ZeekControl itself then takes . in a key for _ (spec:
// zeekctl 2.1).
func (ps *problems) readINI(s Source) []section {
	r := iniReader{problems: ps, source: s}
	for i, line := range ps.lines(s) {
		r.line(i, line)
	}
	return r.finish()
}

type iniReader struct {
	*problems
	source   Source
	sections []section
	indent   int  // of the key whose value may go on
	open     bool // there is such a key
	steps    int  // replacements in the value at hand
	lost     bool // lines before the first section were reported
}

func (r *iniReader) line(number int, line string) {
	here := at(r.source, number, line)
	text := strings.TrimSpace(line)
	if text == "" || text[0] == '#' || text[0] == ';' {
		return
	}
	if r.open && here.col > r.indent {
		s := &r.sections[len(r.sections)-1]
		e := &s.entries[len(s.entries)-1]
		e.value = strings.TrimPrefix(e.value+"\n"+text, "\n")
		return
	}
	if end := strings.LastIndexByte(text, ']'); text[0] == '[' && end > 1 {
		r.sections = append(r.sections, section{name: text[1:end], place: here})
		r.open = false
		return
	}
	cut := strings.IndexAny(text, "=:")
	switch {
	case len(r.sections) == 0:
		if !r.lost {
			r.add(here, "there is no section header before this line; begin each node with its name, like [worker-1]")
		}
		r.lost = true
	case cut < 0:
		r.add(here, "%q is no section, key or comment; write key = value", text)
	case strings.TrimSpace(text[:cut]) == "":
		r.add(here, "%q has no key before the %c; write key = value", text, text[cut])
	default:
		key := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(text[:cut])), ".", "_")
		s := &r.sections[len(r.sections)-1]
		s.entries = append(s.entries, entry{key, strings.TrimSpace(text[cut+1:]), here})
		r.open, r.indent = true, here.col
	}
}

// finish puts DEFAULT into the other sections, and values where %( )s stands.
func (r *iniReader) finish() []section {
	var defaults []entry
	var all []section
	first := map[string]place{}
	for _, s := range r.sections {
		before, twice := first[s.name]
		switch {
		case s.name == "DEFAULT":
			defaults = append(defaults, s.entries...)
			continue
		case twice:
			r.add(s.place, "section [%s] is there twice, first in line %d; ZeekControl takes each once", s.name, before.line)
			continue
		}
		first[s.name] = s.place
		all = append(all, s)
	}
	if len(defaults)*len(all) > maxDefaults {
		r.add(defaults[0].place, "there are %d keys in DEFAULT for %d sections; write them where they belong", len(defaults), len(all))
		defaults = nil
	}
	for i := range all {
		s := &all[i]
		own := s.entries
		s.entries = append(append([]entry{}, defaults...), own...)
		values := make([]string, len(s.entries))
		for j, e := range s.entries {
			r.steps = 0
			values[j] = r.interpolate(s, e, e.value, 0)
		}
		for j := range values {
			s.entries[j].value = values[j]
		}
	}
	return all
}

// Bounds of what %( )s may become, which could else grow without end.
const (
	maxDepth = 10
	maxValue = 64 << 10
	maxSteps = 1000

	maxDefaults = 100000 // keys of DEFAULT, in all sections together
)

// interpolate is a value with %% and %(key)s replaced.
func (r *iniReader) interpolate(s *section, e entry, text string, depth int) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "%")
		b.WriteString(before)
		r.steps++
		switch {
		case !found:
			return b.String()
		case depth > maxDepth || b.Len() > maxValue || r.steps > maxSteps:
			if r.steps <= 2*maxSteps { // once
				r.add(e.place, "%s: the values it refers to are too long, or refer to each other; write it out", e.key)
			}
			r.steps = 3 * maxSteps
			return ""
		case strings.HasPrefix(after, "%"):
			r.steps--
			b.WriteByte('%')
			text = after[1:]
			continue
		}
		name, rest, closed := strings.Cut(strings.TrimPrefix(after, "("), ")s")
		other, known := s.get(strings.ToLower(name))
		switch {
		case !strings.HasPrefix(after, "(") || !closed:
			r.add(e.place, "%s: a %% has to be doubled, or be %%(key)s; write %%%% for %% itself", e.key)
			return ""
		case !known:
			r.add(e.place, "%s: there is no key %s for %%(%s)s; write %%%% for %% itself", e.key, name, name)
			return ""
		}
		b.WriteString(r.interpolate(s, e, other.value, depth+1))
		text = rest
	}
}
