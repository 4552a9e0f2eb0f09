package layoutgen

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/xrash/smetrics"
)

// decoder copies what a TOML library made of a document into a struct whose
// fields have toml tags, and reports every key and every type that does not fit
// instead of stopping at the first.
type decoder struct {
	*source
	elsewhere map[string][]string // key -> the sections that know it
}

// table copies in to the fields of out.
func (d *decoder) table(path string, in map[string]any, out reflect.Value) {
	fields := keys(out)
	for _, key := range slices.Sorted(maps.Keys(in)) {
		at := join(path, key)
		if field, ok := fields[key]; ok {
			d.value(at, in[key], field)
			continue
		}
		d.problemf(at, "unknown key %s; %s", display(at), d.suggest(key, fields))
	}
}

// value copies one value to a field.
func (d *decoder) value(path string, in any, field reflect.Value) {
	switch out := field.Addr().Interface().(type) {
	case *string:
		assign(d, path, in, out, `a string, like "x"`)
	case *bool:
		assign(d, path, in, out, "true or false")
	case *int:
		var n int64
		if assign(d, path, in, &n, "a whole number") {
			*out = int(n)
		}
	case *time.Duration:
		d.duration(path, in, out)
	case *Size:
		d.size(path, in, out)
	case *Bound:
		d.bound(path, in, out)
	case *Setting[Bound]:
		setting(d, path, in, out)
	case *Setting[int]:
		setting(d, path, in, out)
	case *Setting[bool]:
		setting(d, path, in, out)
	case *Setting[time.Duration]:
		setting(d, path, in, out)
	case *[]string:
		d.strings(path, in, out)
	case *map[string]string:
		d.stringMap(path, in, out)
	case *[]Workers:
		d.workers(path, in, out)
	case *map[string]Store:
		d.stores(path, in, out)
	default:
		var table map[string]any
		if assign(d, path, in, &table, "a table, ["+path+"]") {
			d.table(path, table, field)
		}
	}
}

// assign stores in to out if it has out's type, and else says what it should
// have been.
func assign[T any](d *decoder, path string, in any, out *T, want string) bool {
	value, ok := in.(T)
	if !ok {
		d.problemf(path, "%s is %s; it must be %s", display(path), describe(in), want)
		return false
	}
	*out = value
	return true
}

// setting copies one value to a setting, which is set if the value fits.
func setting[T any](d *decoder, path string, in any, out *Setting[T]) {
	before := len(d.problems)
	d.value(path, in, reflect.ValueOf(&out.Value).Elem())
	out.Set = len(d.problems) == before
}

func (d *decoder) duration(path string, in any, out *time.Duration) {
	const want = `a duration in quotes, like "500ms", "10s" or "2m"`
	var text string
	if !assign(d, path, in, &text, want) {
		return
	}
	v, err := ParseDuration(text)
	if err != nil {
		d.problemf(path, "%s is %q; it must be %s", display(path), text, want)
		return
	}
	*out = v
}

func (d *decoder) size(path string, in any, out *Size) {
	text := fmt.Sprint(in)
	n, err := ParseSize(text)
	switch in.(type) {
	case string, int64:
	default:
		err = errSize
	}
	if err != nil {
		d.problemf(path, "%s is %s; %v", display(path), describe(in), err)
		return
	}
	*out = n
}

func (d *decoder) bound(path string, in any, out *Bound) {
	if in == "unlimited" {
		*out = Unlimited
		return
	}
	var n Size
	before := len(d.problems)
	d.size(path, in, &n)
	switch {
	case len(d.problems) > before:
		d.problems[before].Message += `, or "unlimited"`
	case n < 0:
		d.problemf(path, `%s is %v; give a size, 0, or "unlimited"`, display(path), n)
	}
	*out = Bound(n)
}

func (d *decoder) strings(path string, in any, out *[]string) {
	var list []any
	if !assign(d, path, in, &list, `a list of strings, like ["a", "b"]`) {
		return
	}
	*out = make([]string, len(list))
	for i, v := range list {
		assign(d, fmt.Sprintf("%s[%d]", path, i), v, &(*out)[i], "a string")
	}
}

func (d *decoder) stringMap(path string, in any, out *map[string]string) {
	var table map[string]any
	if !assign(d, path, in, &table, `a table of strings, like { NAME = "value" }`) {
		return
	}
	*out = make(map[string]string, len(table))
	for _, key := range slices.Sorted(maps.Keys(table)) {
		var text string
		if assign(d, join(path, key), table[key], &text, "a string") {
			(*out)[key] = text
		}
	}
}

// workers reads [workers] or [[workers]]; each section begins as a copy of the
// default one.
func (d *decoder) workers(path string, in any, out *[]Workers) {
	sections := tableList(in)
	if sections == nil {
		d.problemf(path, "%s is %s; it must be a table, [workers], or several, [[workers]]", path, describe(in))
		return
	}
	var template Workers
	if len(*out) > 0 {
		template = (*out)[0]
	}
	*out = nil
	for i, section := range sections {
		w := template
		d.table(workersPath(d.source, i), section, reflect.ValueOf(&w).Elem())
		*out = append(*out, w)
	}
}

// stores reads [store.NAME], all of them.
func (d *decoder) stores(path string, in any, out *map[string]Store) {
	var tables map[string]any
	if !assign(d, path, in, &tables, "tables, like ["+path+".NAME]") {
		return
	}
	*out = map[string]Store{}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		var store Store
		d.value(join(path, name), tables[name], reflect.ValueOf(&store).Elem())
		(*out)[name] = store
	}
}

// workersPath is the path of the i-th section of workers.
func workersPath(s *source, i int) string {
	if path := fmt.Sprintf("workers[%d]", i); s.has(path) {
		return path
	}
	return "workers"
}

// suggest says what an unknown key may have been meant to be.
func (d *decoder) suggest(key string, fields map[string]reflect.Value) string {
	if sections := d.elsewhere[key]; len(sections) > 0 {
		return "it belongs to " + strings.Join(sections, ", ")
	}
	known := slices.Sorted(maps.Keys(fields))
	distance := func(name string) int { return smetrics.WagnerFischer(name, key, 1, 1, 1) }
	near := slices.MinFunc(known, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	if distance(near) <= max(1, len(key)/3) {
		return "did you mean " + near + "?"
	}
	return "known here: " + strings.Join(known, ", ")
}

// sectionsOf maps every key of the configuration to the sections it stands in.
func sectionsOf(config reflect.Value) map[string][]string {
	all := map[string][]string{}
	for section, field := range keys(config) {
		t := field.Type()
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct {
			all[section] = append(all[section], "the top of the file, as ["+section+".NAME]")
			continue
		}
		if t.Kind() != reflect.Struct {
			all[section] = append(all[section], "the top of the file")
			continue
		}
		for key := range keys(reflect.New(t).Elem()) {
			all[key] = append(all[key], "["+section+"]")
		}
	}
	for _, sections := range all {
		slices.Sort(sections)
	}
	return all
}

// keys maps the toml tags of a struct, embedded structs included, to its fields.
func keys(v reflect.Value) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			maps.Copy(all, keys(v.Field(i)))
			continue
		}
		if tag := field.Tag.Get("toml"); tag != "" && tag != "-" {
			all[tag] = v.Field(i)
		}
	}
	return all
}

// describe names a TOML value for a message: what it is and what it says.
func describe(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("the string %q", v)
	case int64:
		return fmt.Sprintf("the number %d", v)
	case float64:
		return fmt.Sprintf("the number %v", v)
	case bool:
		return fmt.Sprintf("%v", v)
	case time.Time:
		return "a date"
	case map[string]any:
		return "a table"
	case []map[string]any:
		return "several tables"
	default:
		return "a list"
	}
}
