package cluster

// Rendezvous hashing (highest random weight): of the sites of a pool, the one
// whose weight for a key is highest is responsible for it. When a site goes, only
// its own keys move. Hash and weight are Zeek's, so that all nodes choose alike
// (spec: cluster-framework 1.9).

// fnv1a32 is the hash of keys and of site names.
func fnv1a32[T string | []byte](bytes T) uint32 {
	h := uint32(2166136261)
	for i := range len(bytes) {
		h = (h ^ uint32(bytes[i])) * 16777619
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
