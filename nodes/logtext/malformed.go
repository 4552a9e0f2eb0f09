package logtext

import "zctl/nodes/logwire"

// malformed says what is wrong with records that could not be formatted, by
// reading them once more with care.
func (f *Formatter) malformed(records []byte, n int) error {
	r := logwire.NewReader(records, n)
	for range max(0, n) {
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
	}
	if err := r.End(); err != nil {
		return err
	}
	return &logwire.Error{Reason: "fewer than 0 records"}
}

// isContainer is 1 for sets and vectors, else 0.
func isContainer(v logwire.Value) uint64 {
	if v.Set && (v.Type == logwire.TypeSet || v.Type == logwire.TypeVector) {
		return 1
	}
	return 0
}
