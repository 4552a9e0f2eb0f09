package main

import (
	"fmt"
	"slices"
	"time"
)

// sample is what several rounds measured.
type sample []time.Duration

// quantile is the value below which the share q of the sample lies; 0 of none.
func (s sample) quantile(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	i := q * float64(len(sorted)-1)
	low := sorted[int(i)]
	high := sorted[min(int(i)+1, len(sorted)-1)]
	return low + time.Duration((i-float64(int(i)))*float64(high-low))
}

func (s sample) median() time.Duration { return s.quantile(0.5) }

// String is the median, and in parentheses the least and the 90th percentile.
func (s sample) String() string {
	if len(s) == 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%s, %s)", millis(s.median()), millis(s.quantile(0)), millis(s.quantile(0.9)))
}

// millis is a duration in milliseconds, in three digits or so.
func millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f", ms)
	default:
		return fmt.Sprintf("%.0f", ms)
	}
}
