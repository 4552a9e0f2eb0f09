package table

import (
	"errors"
	"fmt"
)

// maxFailures is how many failures are remembered by what they were.
const maxFailures = 3

// failures is what went wrong since somebody asked.
type failures struct {
	first []error
	count int
}

func (f *failures) add(err error) {
	if f.count++; f.count <= maxFailures {
		f.first = append(f.first, err)
	}
}

// taken is what went wrong, nil for nothing. Then nothing did.
func (f *failures) taken() error {
	err := errors.Join(f.first...)
	if more := f.count - len(f.first); more > 0 {
		err = fmt.Errorf("%w\nand %d more", err, more)
	}
	*f = failures{}
	return err
}
