package cluster

import (
	"cmp"
	"slices"
)

// Rendezvous hashing (highest random weight): of the sites of a pool, the one
// whose weight for a key is highest is responsible for it. When a site goes, only
// its own keys move. Hash and weight are Zeek's, so that all nodes choose alike
// (spec: cluster-framework 1.9).

// fnv1a32 is the hash of keys and of site names.
func fnv1a32(s string) uint32 { return fnvMore(2166136261, s) }

// fnvMore is the hash of what has the hash h with s behind it.
func fnvMore(h uint32, s string) uint32 {
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// Weight is the weight of a site for a key of that digest.
func Weight(digest, site uint32) uint32 {
	const a, b = 1103515245, 12345
	return (a*((a*site+b)^(digest&0x7fffffff)) + b) & 0x7fffffff
}

// SiteID is the number of the site called name, if no other site of its pool has
// the same hash.
func SiteID(name string) uint32 { return fnv1a32(name + ".0") }

// heaviest is the index of the site that is responsible for a digest, -1 if there
// are none. Of equal weights the larger site wins.
func heaviest(digest uint32, sites []uint32) int {
	best, weight := -1, uint32(0)
	for i, site := range sites {
		w := Weight(digest, site)
		if best < 0 || w > weight || w == weight && site > sites[best] {
			best, weight = i, w
		}
	}
	return best
}

// Candidate is a node that may be responsible for a key.
type Candidate struct {
	Name   string
	SiteID uint32
	Weight uint32
}

// Rank sorts the nodes of a pool by their weight for a key: the first is
// responsible as long as it is up, then the second, and so on. All nodes of the
// pool must be there, as sites whose hashes collide depend on each other.
func Rank(key Key, names []string) []Candidate {
	var pool Pool
	for _, name := range slices.Sorted(slices.Values(names)) { // the order of a pool without limits
		pool.add(name, false)
	}
	digest := key.Digest()
	ranked := make([]Candidate, len(pool.nodes))
	for i, n := range pool.nodes {
		ranked[i] = Candidate{n.Name, n.SiteID, Weight(digest, n.SiteID)}
	}
	slices.SortFunc(ranked, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(b.SiteID, a.SiteID))
	})
	return ranked
}
