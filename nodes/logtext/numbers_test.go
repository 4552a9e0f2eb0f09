package logtext

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// someReals gives reals of all sizes, those near to what rounds the other way, and
// those that logs have.
func someReals(yield func(float64) bool) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 60_000 {
		micro := float64(random.Uint64N(1 << 52))
		whole := float64(random.Uint64N(1 << 32))
		for _, f := range []float64{
			math.Float64frombits(random.Uint64()), // any
			math.Ldexp(1+random.Float64(), random.IntN(100)-50),
			micro / 1e6, (micro + 0.5) / 1e6, // decimals, and between two
			math.Nextafter(micro/1e6, 0), math.Nextafter(micro/1e6, math.Inf(1)),
			whole / 128, whole + micro/(1<<52), // exact ties; times
			whole + math.Trunc(random.Float64()*1e6)/1e6, // times of packets
			math.Trunc(random.Float64()*1e6)/1e6 - whole, // and what is left between
			(whole + 0.1) - whole, whole * 1e6, math.Ldexp(1, random.IntN(2098)-1074),
		} {
			if !yield(f) {
				return
			}
		}
	}
}

// TestSeconds: the fast way gives what strconv gives.
func TestSeconds(t *testing.T) {
	t.Parallel()
	fast := 0
	for f := range someReals {
		if _, ok := micros(f); !ok {
			continue
		}
		fast++
		if got, want := string(appendSeconds(nil, f)), strconv.FormatFloat(f, 'f', 6, 64); got != want {
			t.Fatalf("%v: got %s, want %s", f, got, want)
		}
	}
	if fast < 400_000 {
		t.Errorf("only %d numbers went the fast way", fast)
	}
}

// TestShortMicros: the fast way gives what Grisu2 gives.
func TestShortMicros(t *testing.T) {
	t.Parallel()
	fast := 0
	for f := range someReals {
		f = math.Abs(f)
		q, ok := shortMicros(f)
		if !ok {
			continue
		}
		fast++
		if got, want := string(appendShort(nil, q)), string(appendRealSlowly(nil, f)); got != want {
			t.Fatalf("%v: got %s, want %s", f, got, want)
		}
	}
	if fast < 60_000 {
		t.Errorf("only %d numbers went the fast way", fast)
	}
}

// TestGrisu2: what it gives reads back as the number, has at most one digit more
// than needed, and that in few numbers.
func TestGrisu2(t *testing.T) {
	t.Parallel()
	all, longer := 0, 0
	for f := range someReals {
		f = math.Abs(f)
		if f == 0 || math.IsNaN(f) || math.IsInf(f, 0) {
			continue
		}
		var digits [20]byte
		n, exponent := grisu2(&digits, f)
		text := fmt.Sprintf("%se%d", digits[:n], exponent)
		if back, err := strconv.ParseFloat(text, 64); err != nil || back != f {
			t.Fatalf("%v became %s, which is %v, %v", f, text, back, err)
		}
		var shortest [32]byte
		switch need := significant(strconv.AppendFloat(shortest[:0], f, 'e', -1, 64)); {
		case n < need || n > 17+1:
			t.Fatalf("%v became %s; %d digits are needed", f, text, need)
		case n > need:
			longer++
		}
		all++
	}
	if longer > all/200 {
		t.Errorf("%d of %d numbers are longer than needed", longer, all)
	}
}

// significant counts digits in front of an exponent.
func significant(text []byte) (n int) {
	for _, c := range text {
		switch {
		case c == 'e':
			return n
		case c != '.':
			n++
		}
	}
	return n
}

// TestPowers: a few of the powers that every implementation of Grisu2 has.
func TestPowers(t *testing.T) {
	t.Parallel()
	for i, want := range map[int]diy{
		0: {0xfa8fd5a0081c0288, -1220}, 1: {0xbaaee17fa23ebf76, -1193},
		44: {0x9c40000000000000, -50}, 86: {0xaf87023b9bf0ee6b, 1066},
	} {
		if got := powers()[i]; got != want {
			t.Errorf("10^%d: got %x, want %x", leastPower+powerStep*i, got, want)
		}
	}
}

func TestIntegers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		n := random.Uint64() >> random.IntN(64)
		if got, want := string(appendUint(nil, n)), strconv.FormatUint(n, 10); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if got, want := string(appendInt(nil, -int64(n))), strconv.FormatInt(-int64(n), 10); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
}

// FuzzReals: no number panics, and the fast ways agree with the slow ones.
func FuzzReals(f *testing.F) {
	for _, x := range []float64{0, 1, 0.1, 1500000000.5, 2147483647, 1e21, 5e-324, math.MaxFloat64, 0.0006341934204101562} {
		f.Add(math.Float64bits(x))
	}
	f.Fuzz(func(t *testing.T, n uint64) {
		x := math.Float64frombits(n)
		if _, ok := micros(x); ok && string(appendSeconds(nil, x)) != fmt.Sprintf("%.6f", x) {
			t.Errorf("%v: got %s", x, appendSeconds(nil, x))
		}
		appendDouble(nil, x)
		appendInterval(nil, x)
		appendISO8601(nil, x)
		text := string(appendReal(nil, x))
		if back, err := strconv.ParseFloat(text, 64); text != "null" && (err != nil || back != x) {
			t.Errorf("%v: got %s", x, text)
		}
	})
}
