package logstream

import "zctl/nodes/logwire"

// What a record may have at most is what Zeek 8.1 sends; the rest is left out (spec: wire
// 3.5, Log::default_max_…).
const (
	maxText          = 4096    // bytes of a string (field_string_bytes)
	maxTexts         = 256_000 // of all (total_string_bytes)
	maxContainer     = 100     // elements of a set or vector (field_container_elements)
	maxAllContainers = 500     // of all (total_container_elements)
)

// line is a record on its way into a batch.
type line struct {
	*logwire.Batch
	texts, elements int // that it may still have
	cut             Truncated
}

// Truncated is how many strings, and sets and vectors, had more than a record may have.
type Truncated struct{ Strings, Containers uint64 }

func newLine(b *logwire.Batch) line {
	return line{Batch: b, texts: maxTexts, elements: maxAllContainers}
}

// text is how many bytes there may be of a string that has so many.
func (l *line) text(size int) int {
	return take(size, maxText, &l.texts, &l.cut.Strings)
}

// container is how many elements there may be of a set or vector that has so many.
func (l *line) container(size int) int {
	return take(size, maxContainer, &l.elements, &l.cut.Containers)
}

func take(size, most int, left *int, cut *uint64) int {
	n := min(size, most, *left)
	if n < size {
		*cut++
	}
	*left -= n
	return n
}
