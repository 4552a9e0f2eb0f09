package event

import "slices"

// canonical is what a set or table holds: all that differ in all, ascending;
// of several that are the same, the last. It returns all itself if that is so
// already, else a sorted copy.
func canonical[T any](all []T, compare func(T, T) int) []T {
	if ascending(all, compare) {
		return all
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, compare)
	kept := sorted[:0]
	for i, one := range sorted {
		if i+1 == len(sorted) || compare(one, sorted[i+1]) != 0 {
			kept = append(kept, one)
		}
	}
	return kept
}

// sortUnique puts decoded elements in canonical order and says whether no two
// are the same, which is an error of who wrote them (spec: wire 2.2). What
// Zeek writes is in order, so that one pass does.
func sortUnique[T any](all []T, compare func(T, T) int) bool {
	if ascending(all, compare) {
		return true
	}
	slices.SortFunc(all, compare)
	return ascending(all, compare)
}

// ascending says whether each is less than the next.
func ascending[T any](all []T, compare func(T, T) int) bool {
	for i := 1; i < len(all); i++ {
		if compare(all[i-1], all[i]) >= 0 {
			return false
		}
	}
	return true
}
