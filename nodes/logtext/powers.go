package logtext

import (
	"math/big"
	"sync"
)

// Grisu2 needs every eighth power of ten from 1e-348 to 1e340.
const (
	leastPower = -348
	powerStep  = 8
	powerCount = 87
)

// powers is these powers, normalized and rounded to nearest.
var powers = sync.OnceValue(func() *[powerCount]diy {
	var all [powerCount]diy
	for i := range all {
		all[i] = powerOfTen(leastPower + powerStep*i)
	}
	return &all
})

func powerOfTen(k int) diy {
	power := new(big.Float).SetPrec(64).SetMode(big.ToNearestEven)
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(k, -k))), nil)
	exact := new(big.Float).SetInt(ten)
	if k < 0 {
		power.Quo(big.NewFloat(1), exact)
	} else {
		power.Set(exact)
	}
	exponent := power.MantExp(power) // power is now in [0.5, 1)
	f, _ := power.SetMantExp(power, 64).Uint64()
	return diy{f, exponent - 64}
}

// powerFor is the power that brings a number with exponent e to one between -60
// and -32, and the exponent of ten to go with the result.
func powerFor(e int) (power diy, exponent int) {
	const log2 = 0.30102999566398114 // of ten's logarithm; the digits are rapidjson's
	estimate := float64(-61-e)*log2 + 347
	k := int(estimate)
	if estimate > float64(k) {
		k++
	}
	index := k/powerStep + 1
	return powers()[index], -(leastPower + powerStep*index)
}
