package store

import (
	"fmt"
	"math"
	"math/bits"
	"time"

	"zctl/nodes/event"
)

// add is v plus by: numbers and intervals of one kind, or a time and an interval.
func add(v, by event.Value) (event.Value, error) { return sum(v, by, false) }

// subtract is v minus by.
func subtract(v, by event.Value) (event.Value, error) { return sum(v, by, true) }

func sum(v, by event.Value, minus bool) (event.Value, error) {
	from, to := v.Kind(), by.Kind()
	if from != to && !(from == event.KindTimestamp && to == event.KindTimespan) {
		return v, fmt.Errorf("%w: it is %s, and the amount %s", ErrType, from, to)
	}
	switch from {
	case event.KindCount:
		return counts(v, by, minus)
	case event.KindReal:
		return reals(v, by, minus), nil
	case event.KindInteger:
		a, _ := v.Integer()
		b, _ := by.Integer()
		n, err := integers(a, b, minus)
		return event.Integer(n), err
	case event.KindTimespan:
		a, _ := v.Timespan()
		b, _ := by.Timespan()
		n, err := integers(int64(a), int64(b), minus)
		return event.Timespan(time.Duration(n)), err
	case event.KindTimestamp:
		if to == event.KindTimespan {
			a, _ := v.Time()
			b, _ := by.Timespan()
			n, err := integers(a.UnixNano(), int64(b), minus)
			return event.Timestamp(time.Unix(0, n)), err
		}
	}
	return v, fmt.Errorf("%w: the amount is %s", ErrType, to)
}

func counts(v, by event.Value, minus bool) (event.Value, error) {
	a, _ := v.Count()
	b, _ := by.Count()
	n, over := bits.Add64(a, b, 0)
	if minus {
		n, over = bits.Sub64(a, b, 0)
	}
	if over != 0 {
		return v, fmt.Errorf("%w: it is %d, and the amount %d", ErrRange, a, b)
	}
	return event.Count(n), nil
}

func reals(v, by event.Value, minus bool) event.Value {
	a, _ := v.Real()
	b, _ := by.Real()
	if minus {
		b = -b
	}
	return event.Real(a + b)
}

func integers(a, b int64, minus bool) (int64, error) {
	n := a + b
	over := b > 0 && a > math.MaxInt64-b || b < 0 && a < math.MinInt64-b
	if minus {
		n = a - b
		over = b < 0 && a > math.MaxInt64+b || b > 0 && a < math.MinInt64+b
	}
	if over {
		return 0, fmt.Errorf("%w: it is %d, and the amount %d", ErrRange, a, b)
	}
	return n, nil
}
