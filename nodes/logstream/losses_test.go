package logstream

import (
	"errors"
	"fmt"
	"testing"

	"zctl/nodes/logstream/spill"
)

func TestLosses(t *testing.T) {
	t.Parallel()
	s := NewSender(Options{})
	for i, cause := range []error{errNoRoom, fmt.Errorf("more: %w", spill.ErrFull), errLeft, errors.New("no such device")} {
		s.drop(1<<i, cause)
	}
	s.dropped(spill.Counts{Records: 16, Batches: 2}, spill.ErrFull)
	if got, want := s.Stats().Lost, (Losses{NoRoom: 1, SpillFull: 2 + 16, Ended: 4, Failed: 8}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := s.Stats().Dropped.Records; got != 31 {
		t.Errorf("%d in all", got)
	}
}
