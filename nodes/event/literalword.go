package event

import (
	"net/netip"
	"strconv"
	"strings"
)

// parseWord reads a literal that is one word, except for intervals.
func parseWord(s string) (v Value, ok bool) {
	switch s {
	case "":
		return v, false
	case "T":
		return Boolean(true), true
	case "F":
		return Boolean(false), true
	case "none":
		return None(), true
	}
	for _, parse := range []func(string) (Value, bool){
		parseNumber, parsePortWord, parseNetwork, parseTimeWord, parseEnum,
	} {
		if v, ok := parse(s); ok {
			return v, true
		}
	}
	return v, false
}

func parseNumber(s string) (Value, bool) {
	if digits, ok := strings.CutPrefix(s, "0x"); ok {
		n, err := strconv.ParseUint(digits, 16, 64)
		return Count(n), err == nil
	}
	if s[0] == '+' || s[0] == '-' {
		if v, ok := parseScalar(KindInteger, s); ok {
			return v, true
		}
	} else if v, ok := parseScalar(KindCount, s); ok {
		return v, true
	}
	f, ok := parseReal(s)
	return Real(f), ok
}

func parsePortWord(s string) (Value, bool) { return parsePlain(KindPort, s) }

func parseTimeWord(s string) (Value, bool) { return parsePlain(KindTimestamp, s) }

// parseNetwork reads an address or a subnet.
func parseNetwork(s string) (Value, bool) {
	if v, ok := parsePlain(KindAddress, s); ok {
		return v, true
	}
	return parsePlain(KindSubnet, s)
}

// parseEnum reads the name of an enum value with its module.
func parseEnum(s string) (Value, bool) {
	name := strings.TrimPrefix(s, "GLOBAL::")
	return EnumValue(Enum(name)), isName(name) && strings.Contains(s, "::")
}

// isName says whether s is a name in Zeek's scripts, perhaps with a module.
func isName(s string) bool {
	for part := range strings.SplitSeq(s, "::") {
		if part == "" || isDigit(part[0]) || strings.IndexFunc(part, isNoNameRune) >= 0 {
			return false
		}
	}
	return true
}

func isNoNameRune(r rune) bool {
	return r != '_' && (r < '0' || '9' < r) && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r)
}

// bracketed reads [::1] and [fe80::]/10 at the beginning of s, and says how many
// bytes that takes; none if it is something else.
func bracketed(s string) (Value, int) {
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return Value{}, 0
	}
	a, err := netip.ParseAddr(s[1:end])
	if err != nil || !a.Is6() || a.Zone() != "" {
		return Value{}, 0
	}
	rest := s[end+1:]
	if !strings.HasPrefix(rest, "/") {
		return Address(a), end + 1
	}
	n := wordEnd(rest)
	v, ok := parsePlain(KindSubnet, s[1:end]+rest[:n])
	if !ok {
		return Value{}, 0
	}
	return v, end + 1 + n
}
