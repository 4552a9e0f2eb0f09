package cpuaffinity

import (
	"slices"
	"strconv"
	"strings"
)

// List is CPU numbers in the order they were written, without duplicates. The order matters to [Plan], which hands the
// items of a list to the workers of a group one after the other.
//
// Its text form, which JSON and TOML carry too, is the kernel's: "0-3,8".
type List []int

// String returns l in the kernel's list format, runs compressed in the order written: 3,0,1,2 is "3,0-2".
// Parse(l.String()) is l again.
func (l List) String() string {
	var b strings.Builder
	for i := 0; i < len(l); {
		last := i
		for last+1 < len(l) && l[last+1] == l[last]+1 {
			last++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(l[i]))
		if last > i {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(l[last]))
		}
		i = last + 1
	}
	return b.String()
}

// MarshalText returns [List.String]; it never fails.
func (l List) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText is [Parse]. On an error l stays as it was.
func (l *List) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*l = parsed
	return nil
}

// Sorted returns the CPUs of l in ascending order.
func (l List) Sorted() List {
	sorted := slices.Clone(l)
	slices.Sort(sorted)
	return sorted
}

// Contains reports whether cpu is in l.
func (l List) Contains(cpu int) bool { return slices.Contains(l, cpu) }

// SameSet reports whether l and other have the same CPUs, in whatever order.
func (l List) SameSet(other List) bool {
	return slices.Equal(slices.Compact(l.Sorted()), slices.Compact(other.Sorted()))
}

// Intersect returns the CPUs of l that are in other too, in l's order.
func (l List) Intersect(other List) List {
	in := other.set()
	return l.where(func(cpu int) bool { return in[cpu] })
}

// Minus returns the CPUs of l that are not in other, in l's order.
func (l List) Minus(other List) List {
	in := other.set()
	return l.where(func(cpu int) bool { return !in[cpu] })
}

// Union returns the CPUs of l, then those of other that l has not, both in their order.
func (l List) Union(other List) List {
	return append(slices.Clone(l), other.Minus(l)...)
}

// where returns the CPUs of l that keep wants, in l's order.
func (l List) where(keep func(cpu int) bool) List {
	var kept List
	for _, cpu := range l {
		if keep(cpu) {
			kept = append(kept, cpu)
		}
	}
	return kept
}

func (l List) set() map[int]bool {
	set := make(map[int]bool, len(l))
	for _, cpu := range l {
		set[cpu] = true
	}
	return set
}
