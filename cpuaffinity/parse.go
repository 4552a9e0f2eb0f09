package cpuaffinity

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxCPU is the highest CPU number that is believed. Linux is built for at most 8192 CPUs today; the bound keeps
// "0-4294967295" from filling memory.
const MaxCPU = 65535

// Parse reads a CPU list: comma-separated CPU numbers ("8"), ranges ("0-3") and ranges with a stride ("0-14:2", as in
// taskset and zeek.conf). Blanks around items do not matter, the order does. Text without any item is the nil List.
//
// A number above [MaxCPU], a CPU named twice, a reversed range, a zero stride and anything else is an error that names
// the item, its position (items and columns count from 1, columns are bytes) and what would be right.
func Parse(text string) (List, error) {
	list, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("cannot parse CPU list: %w", err)
	}
	return list, nil
}

// parse is Parse without the beginning of the error message, for callers with a better one.
func parse(text string) (List, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var list List
	namedBy := make(map[int]int) // CPU -> number of the item that named it
	number, column := 0, 1
	for raw := range strings.SplitSeq(text, ",") {
		number++
		item := strings.TrimSpace(raw)
		at := column + strings.Index(raw, item)
		column += len(raw) + 1

		if item == "" {
			return nil, fmt.Errorf("item %d (column %d) is empty: write a CPU number or remove the comma", number, at)
		}
		run, err := parseRun(item)
		if err != nil {
			return nil, fmt.Errorf("item %d (%s, column %d): %w", number, quote(item), at, err)
		}
		for cpu := run.first; cpu <= run.last; cpu += run.stride {
			if earlier, dup := namedBy[cpu]; dup {
				return nil, fmt.Errorf("item %d (%s, column %d): CPU %d is in item %d already: name each CPU once",
					number, quote(item), at, cpu, earlier)
			}
			namedBy[cpu] = number
			list = append(list, cpu)
		}
	}
	return list, nil
}

// run is one item of a list: every stride-th CPU from first to last.
type run struct{ first, last, stride int }

var errNotRun = errors.New("want a CPU number (4), a range (0-3) or a range with a stride (0-14:2)")

func parseRun(item string) (run, error) {
	bounds, stride, hasStride := strings.Cut(item, ":")
	first, last, isRange := strings.Cut(bounds, "-")
	if hasStride && !isRange {
		return run{}, errNotRun
	}
	r := run{stride: 1}
	var err error
	if r.first, err = parseNumber(first); err != nil {
		return run{}, err
	}
	if r.last = r.first; isRange {
		if r.last, err = parseNumber(last); err != nil {
			return run{}, err
		}
	}
	if hasStride {
		if r.stride, err = parseNumber(stride); err != nil {
			return run{}, err
		}
	}
	switch {
	case r.last < r.first:
		return run{}, fmt.Errorf("the range is reversed: write %d-%d", r.last, r.first)
	case r.stride == 0:
		return run{}, fmt.Errorf("a stride of 0 never ends: write %d-%d:1 or more", r.first, r.last)
	}
	return r, nil
}

// parseNumber takes plain decimal digits only: no sign, no blanks, nothing above MaxCPU.
func parseNumber(s string) (int, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, errNotRun
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > MaxCPU {
		return 0, fmt.Errorf("%s is too large: CPU numbers go up to %d", shorten(s), MaxCPU)
	}
	return n, nil
}

// quote quotes s for an error message.
func quote(s string) string { return strconv.Quote(shorten(s)) }

// shorten keeps error messages readable, however long the input was.
func shorten(s string) string {
	const limit = 40
	if len(s) <= limit {
		return s
	}
	return s[:limit] + "…"
}
