package logtext

import (
	"math"
	"math/bits"
)

// diy is f*2^e, the "do-it-yourself floating point" of Florian Loitsch, "Printing
// Floating-Point Numbers Quickly and Accurately with Integers" (PLDI 2010).
type diy struct {
	f uint64
	e int
}

func (d diy) normal() diy {
	shift := bits.LeadingZeros64(d.f)
	return diy{d.f << shift, d.e - shift}
}

// times is the product, rounded to 64 bits.
func (d diy) times(p diy) diy {
	hi, lo := bits.Mul64(d.f, p.f)
	return diy{hi + lo>>63, d.e + p.e + 64}
}

// borders are the numbers halfway to the next doubles below and above, with the
// same exponent.
func (d diy) borders() (below, above diy) {
	above = diy{2*d.f + 1, d.e - 1}.normal()
	below = diy{2*d.f - 1, d.e - 1}
	if d.f == 1<<52 {
		below = diy{4*d.f - 1, d.e - 2}
	}
	return diy{below.f << (below.e - above.e), above.e}, above
}

// grisu2 writes the digits of f, which is greater than 0 and finite, and returns
// how many they are and the power of ten behind them. It is Grisu2 of the paper,
// as Zeek's JSON library (rapidjson) uses it: the digits read back as f, but are
// in 1 of about 1000 numbers not the shortest, and not always the closest. So
// strconv would not do.
func grisu2(digits *[20]byte, f float64) (n, exponent int) {
	b := math.Float64bits(f)
	d := diy{b & (1<<52 - 1), max(1, int(b>>52)) - 1075}
	if b>>52 != 0 {
		d.f |= 1 << 52
	}
	below, above := d.borders()
	power, exponent := powerFor(above.e)
	w, low, high := d.normal().times(power), below.times(power), above.times(power)
	low.f++ // products are off by less than one, so this is inside for sure
	high.f--
	n, kappa := shortest(digits, high, high.f-low.f, high.f-w.f)
	return n, exponent + kappa
}

// tens are the powers of ten that 64 bits can have.
var tens = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// shortest writes as few digits of high as leave a rest of at most delta, then
// moves the last digit towards the number itself, which is distance below high.
func shortest(digits *[20]byte, high diy, delta, distance uint64) (n, kappa int) {
	point := uint(-high.e)
	mask := uint64(1)<<point - 1
	whole, part := uint32(high.f>>point), high.f&mask // as high.e is -60 to -32
	for kappa = decimals(whole); kappa > 0; {
		kappa--
		unit := uint32(tens[kappa])
		digit := whole / unit
		whole -= digit * unit
		if digit != 0 || n > 0 {
			digits[n] = '0' + byte(digit)
			n++
		}
		if rest := uint64(whole)<<point + part; rest <= delta {
			closer(&digits[n-1], delta, rest, uint64(unit)<<point, distance)
			return n, kappa
		}
	}
	for {
		part *= 10
		delta *= 10
		kappa--
		if digit := part >> point; digit != 0 || n > 0 {
			digits[n] = '0' + byte(digit)
			n++
		}
		if part &= mask; part < delta {
			closer(&digits[n-1], delta, part, mask+1, scale(distance, -kappa))
			return n, kappa
		}
	}
}

// scale is distance*10^k, 0 where that does not fit.
func scale(distance uint64, k int) uint64 {
	if k >= len(tens) {
		return 0
	}
	return distance * tens[k]
}

// closer lowers a digit, worth unit, as long as the rest between digits and high
// comes closer to distance and stays within delta.
func closer(digit *byte, delta, rest, unit, distance uint64) {
	for rest < distance && delta-rest >= unit &&
		(rest+unit < distance || distance-rest > rest+unit-distance) {
		*digit--
		rest += unit
	}
}

// decimals is how many decimal digits n has.
func decimals(n uint32) int {
	d := 1
	for uint64(n) >= tens[d] {
		d++
	}
	return d
}
