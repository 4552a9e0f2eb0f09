package logtext

// pairs is the numbers 00 to 99.
const pairs = "0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"

// appendUint appends a number. It is strconv.AppendUint for the many numbers that
// have few digits, without a detour through a buffer.
func appendUint(dst []byte, n uint64) []byte {
	switch {
	case n < 10:
		return append(dst, '0'+byte(n))
	case n < 100:
		return append(dst, pairs[2*n], pairs[2*n+1])
	case n < 1000:
		b := 2 * (n % 100)
		return append(dst, '0'+byte(n/100), pairs[b], pairs[b+1])
	case n < 10_000:
		return appendFour(dst, n)
	}
	return appendFour(appendUint(dst, n/10_000), n%10_000)
}

func appendInt(dst []byte, n int64) []byte {
	if n < 0 {
		return appendUint(append(dst, '-'), -uint64(n))
	}
	return appendUint(dst, uint64(n))
}

// appendFour appends four digits.
func appendFour(dst []byte, n uint64) []byte {
	a, b := 2*(n/100), 2*(n%100)
	return append(dst, pairs[a], pairs[a+1], pairs[b], pairs[b+1])
}

// appendSix appends six digits.
func appendSix(dst []byte, n uint64) []byte {
	a, b, c := 2*(n/10_000), 2*(n/100%100), 2*(n%100)
	return append(dst, pairs[a], pairs[a+1], pairs[b], pairs[b+1], pairs[c], pairs[c+1])
}
