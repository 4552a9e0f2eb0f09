package event

import "math"

// Reals are IEEE 754 on the wire but for what CAF's encoding gets wrong (spec:
// wire 2.3).
const (
	wireInf    = 0xfff0_0000_0000_0000 // IEEE's -inf
	wireNegInf = 0x7ff0_0000_0000_0000 // IEEE's +inf
	wireNaN    = math.MaxUint64

	signBit      = 1 << 63
	fractionBits = 52
	exponentMask = 0x7ff << fractionBits
	fractionMask = 1<<fractionBits - 1
)

// flush turns denormals, of which CAF makes other numbers, into 0 with their
// sign.
func flush(bits uint64) uint64 {
	if bits&exponentMask == 0 {
		return bits & signBit
	}
	return bits
}

// toWire is the bits of a real as it is written.
func toWire(bits uint64) uint64 {
	switch {
	case bits&exponentMask != exponentMask:
		return flush(bits)
	case bits&fractionMask != 0:
		return wireNaN
	case bits&signBit != 0:
		return wireNegInf
	}
	return wireInf
}

// fromWire is the bits of a real that was read, understood as CAF does: an
// exponent of all ones is the infinity of its sign except for three patterns,
// and one of zeros still means a number with a leading one.
func fromWire(wire uint64) uint64 {
	switch {
	case wire == wireNaN:
		return math.Float64bits(math.NaN())
	case wire == wireInf:
		return math.Float64bits(math.Inf(1))
	case wire == wireNegInf:
		return math.Float64bits(math.Inf(-1))
	case wire&exponentMask == exponentMask:
		return wire &^ fractionMask
	case wire&exponentMask == 0 && wire&fractionMask != 0:
		fraction := float64(wire&fractionMask) / (1 << fractionBits)
		return math.Float64bits(math.Ldexp(1+fraction, -1023)) | wire&signBit
	}
	return wire
}
