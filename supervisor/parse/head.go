package parse

import "fmt"

// mostOutput is how much of what a run says is kept, in bytes. The first error
// is the one that matters.
const mostOutput = 64 << 10

// head keeps the beginning of what is written to it.
type head struct {
	kept    []byte
	dropped int
}

func (h *head) Write(p []byte) (int, error) {
	fits := min(len(p), mostOutput-len(h.kept))
	h.kept = append(h.kept, p[:fits]...)
	h.dropped += len(p) - fits
	return len(p), nil
}

// String ends with a line end, if it is not "".
func (h *head) String() string {
	text := string(h.kept)
	if text != "" && text[len(text)-1] != '\n' {
		text += "\n"
	}
	if h.dropped > 0 {
		text += fmt.Sprintf("(and %d bytes more)\n", h.dropped)
	}
	return text
}
