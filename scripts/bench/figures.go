package main

import (
	"fmt"
	"slices"
)

// figures is what several rounds measured, in a unit.
type figures struct {
	unit   string
	values []float64
}

func (f *figures) add(value float64) { f.values = append(f.values, value) }

func (f figures) median() float64 {
	if len(f.values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(f.values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// String is the median, and in parentheses the least and the most.
func (f figures) String() string {
	if len(f.values) == 0 {
		return "-"
	}
	return fmt.Sprintf("%s %s (%s, %s)", digits(f.median()), f.unit, digits(slices.Min(f.values)), digits(slices.Max(f.values)))
}

// digits is a number with three digits or so.
func digits(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.3g", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

// atLeastTimes is a row whose ratio is to be high.
func atLeastTimes(times float64, what string, ours figures, other string, their figures) row {
	return figureRow(what, ours, other, their, fmt.Sprintf(">= %g x", times), func(ratio float64) bool { return ratio >= times })
}

// atMostTimes is a row whose ratio is to be low.
func atMostTimes(times float64, what string, ours figures, other string, their figures) row {
	return figureRow(what, ours, other, their, fmt.Sprintf("<= %g x", times), func(ratio float64) bool { return ratio <= times })
}

func figureRow(what string, ours figures, other string, their figures, target string, good func(ratio float64) bool) row {
	r := row{what: what, ours: ours.String(), other: other, their: their.String()}
	if their.median() > 0 {
		ratio := ours.median() / their.median()
		r.ratio, r.target, r.verdict = fmt.Sprintf("%.2f", ratio), target, verdict(good(ratio))
	}
	return r
}

// limited is a row with a limit and nothing to compare to.
func limited(limit float64, what string, ours figures) row {
	return row{what: what, ours: ours.String(), target: "<= " + digits(limit), verdict: verdict(ours.median() <= limit)}
}
