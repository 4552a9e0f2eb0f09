package event

// typedObject is what was read of an object that is a value.
type typedObject struct {
	start, depth int
	kind         Kind
	value        Value
	known, read  bool // whether there was a type, and data behind it
	later        int  // where data stood before the type was known, or 0

	beside func(key, text string) // takes the texts beside them; or nil
}

// member reads what belongs to a key.
func (r *jsonReader) member(o *typedObject, key string) (err error) {
	switch {
	case key == "@data-type" && o.known, key == "data" && (o.read || o.later > 0):
		err = r.skip(maxSkip) // the first one counts
	case key == "@data-type":
		o.kind, err = r.kind()
		o.known = true
	case key == "data" && o.known:
		err = r.data(&o.value, o.kind, o.depth)
		o.read = true
	case key == "data":
		o.later = r.pos
		err = r.skip(maxSkip)
	case o.beside != nil && r.peek() == '"':
		var s string
		if s, err = r.text("a string"); err == nil {
			o.beside(key, s)
		}
	default:
		err = r.skip(maxSkip)
	}
	return err
}

// finished is the value of an object that was read whole.
func (r *jsonReader) finished(dst *Value, o *typedObject) error {
	end := r.pos
	switch {
	case !o.known:
		r.pos = o.start
		return r.expected(`an object with "@data-type"`)
	case o.read || o.kind == KindNone:
		*dst = o.value
		return nil
	case o.later == 0:
		r.pos = o.start
		return r.expected(`an object with "data"`)
	}
	r.pos = o.later
	err := r.data(dst, o.kind, o.depth)
	if err == nil {
		r.pos = end
	}
	return err
}

// compactHead reads {"@data-type":"T","data": as Zeek and we write it, without
// white space, or nothing.
func (r *jsonReader) compactHead() (Kind, bool) {
	const before, behind = `{"@data-type":"`, `","data":`
	rest := r.in[r.pos:]
	if len(rest) < len(before) || string(rest[:len(before)]) != before {
		return KindNone, false
	}
	rest = rest[len(before):]
	kind, ok := kindOf(rest)
	if !ok {
		return KindNone, false
	}
	size := len(kinds[kind].dataType)
	if rest = rest[size:]; len(rest) < len(behind) || string(rest[:len(behind)]) != behind {
		return KindNone, false
	}
	r.pos += len(before) + size + len(behind)
	return kind, true
}

// kindsByInitial is the kinds by the first letter of their data type.
var kindsByInitial = func() (by [256][]Kind) {
	for k, kind := range kinds {
		by[kind.dataType[0]] = append(by[kind.dataType[0]], Kind(k))
	}
	return by
}()

// kindOf is the data type that in begins with, up to a quote.
func kindOf(in []byte) (Kind, bool) {
	if len(in) == 0 {
		return KindNone, false
	}
	for _, k := range kindsByInitial[in[0]] {
		name := kinds[k].dataType
		if len(in) > len(name) && in[len(name)] == '"' && string(in[:len(name)]) == name {
			return k, true
		}
	}
	return KindNone, false
}

// compact reads what follows such a head, up to the end of the object.
func (r *jsonReader) compact(dst *Value, kind Kind, start, depth int) error {
	if err := r.data(dst, kind, depth); err != nil {
		return err
	}
	switch r.peek() {
	case '}':
		r.pos++
		return nil
	case ',':
		r.pos++
		o := typedObject{start: start, depth: depth, kind: kind, value: *dst, known: true, read: true}
		err := r.moreMembers(func(key string) error { return r.member(&o, key) })
		*dst = o.value
		return err
	}
	return r.expected(`"," or "}"`)
}

// kind reads a data type.
func (r *jsonReader) kind() (Kind, error) {
	r.peek()
	start := r.pos
	name, err := r.text("a data type")
	if err != nil {
		return KindNone, err
	}
	if k, ok := kindOf(r.in[start+1:]); ok && len(name) == len(kinds[k].dataType) {
		return k, nil
	}
	r.pos = start
	return KindNone, r.expected("a data type")
}
