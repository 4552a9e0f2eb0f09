package store

import (
	"cmp"
	"slices"

	"zctl/nodes/cluster"
)

// Opened is the stores of a node that are open, in the order of their names.
func Opened(c *cluster.Cluster) []*Store {
	stores.mu.Lock()
	defer stores.mu.Unlock()
	var all []*Store
	for _, s := range stores.all[c] {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Store) int { return cmp.Compare(a.name, b.name) })
	return all
}
