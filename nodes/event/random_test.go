package event

import (
	"math"
	"math/rand/v2"
)

// random is some value, nested at most depth deep.
func random(r *rand.Rand, depth int) Value {
	kind := Kind(r.IntN(len(kinds)))
	if depth == 0 {
		kind = Kind(r.IntN(int(KindSet)))
	}
	switch kind {
	case KindBoolean:
		return Boolean(r.IntN(2) == 0)
	case KindCount, KindInteger, KindTimestamp, KindTimespan:
		return Value{kind: kind, num: randomBits(r)}
	case KindReal:
		return Real(randomReal(r))
	case KindString, KindEnum:
		return text(kind, randomText(r))
	case KindAddress:
		return randomAddr(r)
	case KindSubnet:
		a := randomAddr(r)
		if a.addr().Is4() {
			return subnet(a, uint8(v4bits+r.IntN(33)))
		}
		return subnet(a, uint8(r.IntN(129)))
	case KindPort:
		return PortValue(Port{uint16(randomBits(r)), Protocol(r.IntN(4))})
	case KindSet:
		return Set(randomElems(r, depth)...)
	case KindList:
		return List(randomElems(r, depth)...)
	case KindTable:
		var entries []Entry
		for _, key := range randomElems(r, depth) {
			entries = append(entries, Entry{key, random(r, depth-1)})
		}
		return Table(entries...)
	}
	return None()
}

func randomElems(r *rand.Rand, depth int) []Value {
	var elems []Value
	for range r.IntN(5) {
		elems = append(elems, random(r, depth-1))
	}
	return elems
}

// randomBits is a number small or large, or one at the edge.
func randomBits(r *rand.Rand) uint64 {
	edges := []uint64{0, 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}
	if r.IntN(4) == 0 {
		return edges[r.IntN(len(edges))]
	}
	return r.Uint64() >> r.IntN(64)
}

func randomReal(r *rand.Rand) float64 {
	edges := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1e15, 1e-6, math.MaxFloat64, math.SmallestNonzeroFloat64,
		math.Inf(1), math.Inf(-1), math.NaN()}
	switch r.IntN(3) {
	case 0:
		return edges[r.IntN(len(edges))]
	case 1:
		return float64(r.IntN(2000)-1000) / 8
	}
	return math.Float64frombits(r.Uint64())
}

func randomText(r *rand.Rand) string {
	alphabet := []string{"a", "Z", "::", " ", "\x00", "\n", "\\", "\"", "\x7f", "ü", "世", "😀", "\u2028", "\xff", "\xed\xa0\x80", "x41"}
	s := ""
	for range r.IntN(8) {
		s += alphabet[r.IntN(len(alphabet))]
	}
	return s
}

func randomAddr(r *rand.Rand) Value {
	a := Value{kind: KindAddress, n: r.Uint64(), num: r.Uint64()}
	switch r.IntN(4) {
	case 0:
		a.n, a.num = 0, a.num&math.MaxUint32|0xffff_0000_0000
	case 1:
		a.n, a.num = 0, 1
	}
	return a
}

// samples is a number of random values, the same each time.
func samples(n int) []Value {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]Value, n)
	for i := range all {
		all[i] = random(r, 3)
	}
	return all
}
