package event

// list reads what stands before a closing bracket, with commas in between and
// perhaps one behind.
func (p *literalParser) list(last byte, item func() error) error {
	for !p.takes(last) {
		if err := item(); err != nil {
			return err
		}
		if err := p.comma(last); err != nil {
			return err
		}
	}
	return nil
}

// comma reads the comma that has to be there unless a closing bracket is.
func (p *literalParser) comma(last byte) error {
	if !p.takes(',') && p.peek() != last {
		return p.expected(`"," or "` + string(rune(last)) + `"`)
	}
	return nil
}

func (p *literalParser) elems(last byte, depth int) (elems []Value, err error) {
	err = p.list(last, func() error {
		v, err := p.value(depth + 1)
		elems = append(elems, v)
		return err
	})
	return elems, err
}

func (p *literalParser) entries(last byte, depth int) (entries []Entry, err error) {
	err = p.list(last, func() error {
		key, err := p.key(depth + 1)
		if err != nil {
			return err
		}
		e, err := p.entry(key, depth)
		entries = append(entries, e)
		return err
	})
	return entries, err
}

// key reads a key of a table.
func (p *literalParser) key(depth int) (Value, error) {
	brackets := p.peek() == '['
	v, err := p.value(depth)
	return index(v, brackets), err
}

// index is the key that v means where Zeek's tables are indexed: in brackets
// stands one key, or the list of several.
func index(v Value, brackets bool) Value {
	if brackets && v.kind == KindList && v.n == 1 {
		return v.elems()[0]
	}
	return v
}

// entry reads what follows a key.
func (p *literalParser) entry(key Value, depth int) (Entry, error) {
	if !p.takes('=') {
		return Entry{}, p.expected(`"="`)
	}
	v, err := p.value(depth + 1)
	return Entry{Key: key, Value: v}, err
}

// braces reads a set or a table: what follows the first element tells which.
func (p *literalParser) braces(depth int) (Value, error) {
	next := p.peek()
	if next == '}' {
		return Value{}, p.errorf("expected an element; write set() or table() for an empty one")
	}
	first, err := p.value(depth + 1)
	if err != nil {
		return Value{}, err
	}
	if p.peek() == '=' {
		return p.bracedTable(index(first, next == '['), depth)
	}
	if err := p.comma('}'); err != nil {
		return Value{}, err
	}
	elems, err := p.elems('}', depth)
	return Set(append([]Value{first}, elems...)...), err
}

func (p *literalParser) bracedTable(key Value, depth int) (Value, error) {
	first, err := p.entry(key, depth)
	if err == nil {
		err = p.comma('}')
	}
	if err != nil {
		return Value{}, err
	}
	entries, err := p.entries('}', depth)
	return Table(append([]Entry{first}, entries...)...), err
}
