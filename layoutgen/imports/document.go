package imports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"zctl/layoutgen"
)

// document is a zctl.toml that is being made.
type document struct {
	files  []string // what it is made of
	head   []string // comments at its top
	tables []*table
	notes  []note
}

// table is a section of a zctl.toml, with its keys in the order in which they came.
type table struct {
	header string // "cluster", "[workers]"
	above  []string
	lines  []setting
}

// setting is one key, where its value comes from, and what stands behind it.
type setting struct {
	key    string
	value  any
	origin place
	remark string
}

// note is about something that has no counterpart.
type note struct {
	place
	what, advice string
}

// table is the section of that name, a new one if it is not there yet.
func (d *document) table(header string) *table {
	for _, t := range d.tables {
		if t.header == header {
			return t
		}
	}
	return d.newTable(header)
}

func (d *document) newTable(header string) *table {
	d.tables = append(d.tables, &table{header: header})
	return d.tables[len(d.tables)-1]
}

// set gives a key a value. A list grows, and so does a map.
func (t *table) set(origin place, key string, value any) *setting {
	for i := range t.lines {
		s := &t.lines[i]
		if s.key != key {
			continue
		}
		switch v := value.(type) {
		case []string:
			s.value = append(slices.Clone(s.value.([]string)), v...)
		case map[string]string:
			all := maps.Clone(s.value.(map[string]string))
			maps.Copy(all, v)
			s.value = all
		default:
			s.value, s.origin = value, origin
		}
		return s
	}
	t.lines = append(t.lines, setting{key: key, value: value, origin: origin})
	return &t.lines[len(t.lines)-1]
}

func (t *table) get(key string) any {
	for _, s := range t.lines {
		if s.key == key {
			return s.value
		}
	}
	return nil
}

func (t *table) has(key string) bool { return t.get(key) != nil }

// render is the text, and for each of its lines where that comes from.
func (d *document) render() (text string, origins []place) {
	var b strings.Builder
	line := func(origin place, format string, args ...any) {
		fmt.Fprintf(&b, format+"\n", args...)
		origins = append(origins, origin)
	}
	for _, comment := range d.head {
		line(place{}, "%s", strings.TrimRight("# "+comment, " "))
	}
	for _, t := range d.tables {
		if len(t.lines) == 0 && !strings.HasPrefix(t.header, "[") {
			continue
		}
		line(place{}, "")
		for _, comment := range t.above {
			line(place{}, "# %s", comment)
		}
		line(place{}, "[%s]", t.header)
		for _, s := range t.lines {
			remark := ""
			if s.remark != "" {
				remark = "  # " + s.remark
			}
			line(s.origin, "%s = %s%s", bareKey(s.key), literal(s.value), remark)
		}
	}
	if len(d.notes) > 0 {
		line(place{}, "")
		line(place{}, "# What has no counterpart, or another meaning, in zctl:")
	}
	for _, n := range d.sortedNotes() {
		line(place{}, "# %s: %s: %s", n.short(), printable(n.what), printable(n.advice))
	}
	return b.String(), origins
}

func (d *document) sortedNotes() []note {
	notes := slices.Clone(d.notes)
	slices.SortStableFunc(notes, func(a, b note) int {
		if a.file != b.file {
			return slices.Index(d.files, a.file) - slices.Index(d.files, b.file)
		}
		return a.line - b.line
	})
	return slices.Compact(notes)
}

// check reports what zctl would not accept, where it comes from.
func (d *document) check(ps *problems) string {
	text, origins := d.render()
	_, err := layoutgen.Parse("zctl.toml", []byte(text))
	found, _ := err.(layoutgen.Problems)
	for _, p := range found {
		origin := place{file: d.files[0]}
		if p.Line > 0 && p.Line <= len(origins) && origins[p.Line-1].file != "" {
			origin = origins[p.Line-1]
		}
		ps.add(origin, "zctl cannot use what this means: %s", p.Message)
	}
	if err != nil && len(found) == 0 {
		ps.add(place{file: d.files[0]}, "%v", err)
	}
	return text
}

// literal is a value as TOML writes it.
func literal(value any) string {
	switch v := value.(type) {
	case string:
		return quote(v)
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case map[string]string:
		pairs := []string{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, bareKey(key)+" = "+quote(v[key]))
		}
		return "{ " + strings.Join(pairs, ", ") + " }"
	default:
		return fmt.Sprint(v)
	}
}

// quote is a basic string of TOML.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// bareKey is a key as TOML writes it, in quotes if need be.
func bareKey(key string) string {
	plain := func(r rune) bool {
		return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if key != "" && strings.IndexFunc(key, func(r rune) bool { return !plain(r) }) < 0 {
		return key
	}
	return quote(key)
}

// printable is text that stays on one line of comment.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
