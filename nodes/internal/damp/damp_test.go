package damp

import (
	"slices"
	"testing"
	"time"
)

func TestDamper(t *testing.T) {
	t.Parallel()
	var d Damper
	var let []int
	began := time.Unix(1_800_000_000, 0)
	for _, after := range []time.Duration{0, 1, pause - 1, pause, pause + 1, 3 * pause} {
		d.Do(began.Add(after), func(suppressed int) { let = append(let, suppressed) })
	}
	if want := []int{0, 2, 1}; !slices.Equal(let, want) {
		t.Errorf("let through with %v suppressed, want %v", let, want)
	}
}
