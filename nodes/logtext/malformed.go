package logtext

import (
	"fmt"
	"math"

	"zctl/nodes/logwire"
)

// malformed says why records could not be formatted.
func (f *Formatter) malformed(records []byte, n int) error {
	if n < 0 {
		return &logwire.Error{Reason: "fewer than 0 records"}
	}
	if err := f.Check(records, n, math.MaxInt); err != nil {
		return err
	}
	return ErrLong
}

// Check says what is wrong with n records, by reading them without making text: a
// [*logwire.Error], if they are not as they should be or one is longer than longest
// bytes.
func (f *Formatter) Check(records []byte, n, longest int) error {
	r := logwire.NewReader(records, n)
	for range n {
		begin := r.Offset()
		for range f.header.Fields {
			v := r.Next()
			for range v.Count * isContainer(v) {
				if e := r.Next(); isContainer(e) == 1 {
					return &logwire.Error{Offset: r.Offset(), Reason: "a set or vector in a set or vector"}
				}
				if r.Err() != nil {
					return r.Err()
				}
			}
			if r.Err() != nil {
				return r.Err()
			}
		}
		if size := r.Offset() - begin; size > longest {
			return &logwire.Error{Offset: begin, Reason: fmt.Sprintf("a record of %d bytes, and the memory for it is %d", size, longest)}
		}
	}
	return r.End()
}

// isContainer is 1 for sets and vectors, else 0.
func isContainer(v logwire.Value) uint64 {
	if v.Set && (v.Type == logwire.TypeSet || v.Type == logwire.TypeVector) {
		return 1
	}
	return 0
}
