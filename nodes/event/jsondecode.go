package event

import (
	"fmt"
	"sync"
)

// decodeJSON reads one value and nothing behind it.
func decodeJSON(in []byte) (Value, error) {
	r := readers.Get().(*jsonReader)
	defer r.release()
	r.jsonScanner = jsonScanner{in: in}
	var v Value
	err := r.value(&v, 0)
	if err == nil && (r.peek() != 0 || r.pos < len(in)) {
		err = r.expected("the end")
	}
	if err != nil {
		return Value{}, err
	}
	return r.settle(v)
}

// readers is readers with memory for elements.
var readers = sync.Pool{New: func() any { return new(jsonReader) }}

// release gives a reader back, without what it refers to, nor more memory than
// many events need.
func (r *jsonReader) release() {
	const most = 1 << 8
	open, done := r.open[:0], r.done[:0]
	if cap(open) > most || cap(done) > most {
		open, done = nil, nil
	}
	clear(open[:cap(open)])
	clear(done[:cap(done)])
	*r = jsonReader{elements: elements{open: open, done: done}}
	readers.Put(r)
}

// elements is the elements of containers while they are being read. In the end
// they are moved to memory of the right size, all in one piece.
type elements struct {
	open []Value // of containers that are not read whole yet
	done []Value // of the others, those of one container side by side
}

// doneBits is how many bits the index of an element takes.
const doneBits = 24

// close makes a container of the open elements from first on. Until it is
// settled, num holds where its elements are and where it begins in the input.
func (e *elements) close(kind Kind, first, start int) Value {
	at := len(e.done)
	e.done = append(e.done, e.open[first:]...)
	n := len(e.open) - first
	e.open = e.open[:first]
	return Value{kind: kind, n: uint64(n), num: uint64(start)<<doneBits | uint64(at)}
}

// settle gives all containers their elements. Those of an element come before
// it, so that they are in order when it is compared.
func (e *elements) settle(v Value) (Value, error) {
	var all []Value
	if len(e.done) > 0 {
		all = make([]Value, len(e.done))
	}
	copy(all, e.done)
	for i := range all {
		if err := all[i].settle(all); err != nil {
			return Value{}, err
		}
	}
	err := v.settle(all)
	return v, err
}

func (v *Value) settle(all []Value) error {
	if v.kind != KindSet && v.kind != KindTable && v.kind != KindList {
		return nil
	}
	at, start := v.num&(1<<doneBits-1), v.num>>doneBits
	*v = container(v.kind, all[at:at+v.n:at+v.n])
	switch {
	case v.kind == KindSet && !sortUnique(v.elems(), Value.Compare):
		return fmt.Errorf("offset %d: expected a set of different elements, got one twice", start)
	case v.kind == KindTable && !sortUnique(v.entries(), Entry.compareKeys):
		return fmt.Errorf("offset %d: expected a table of different keys, got one twice", start)
	}
	return nil
}
