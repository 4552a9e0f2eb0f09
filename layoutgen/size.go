package layoutgen

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes. In a file it is a text with a unit, "128MiB", or a
// whole number.
type Size int64

// sizeUnits is how many bytes a unit has; those with an i are powers of 1024.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

const wantSize = `a size, like "128MiB", "2GB", or a whole number of bytes`

var errSize = errors.New("it must be " + wantSize)

// ParseSize reads "128MiB", "1.5GB" or "1000".
func ParseSize(text string) (Size, error) {
	number, unit := text, int64(1)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			number, unit = strings.TrimRight(rest, " "), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	bytes := n * float64(unit)
	if err != nil || strings.ContainsAny(number, "xXpPnN_") || !(math.Abs(bytes) < 1<<62) || bytes != math.Trunc(bytes) {
		return 0, errSize
	}
	return Size(bytes), nil
}

// String is the size with the largest unit of which it is a multiple.
func (n Size) String() string {
	if n == 0 {
		return "0"
	}
	for _, u := range sizeUnits {
		if int64(n)%u.bytes == 0 {
			return strconv.FormatInt(int64(n)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(n), 10)
}

// ParseDuration is [time.ParseDuration] that also reads days: "30d", "1.5d".
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	days, ok := strings.CutSuffix(text, "d")
	if err == nil || !ok {
		return d, err
	}
	n, bad := strconv.ParseFloat(days, 64)
	length := n * float64(24*time.Hour)
	if bad != nil || !(math.Abs(length) < math.MaxInt64) {
		return 0, err
	}
	return time.Duration(length), nil
}
