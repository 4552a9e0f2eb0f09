package logtext

import "net/netip"

// The families of addresses (spec: wire 3.3).
const (
	family4 = 4
	family6 = 6
)

// appendAddr appends an address.
func appendAddr(dst, in []byte) (text, rest []byte, ok bool) {
	switch {
	case len(in) >= 5 && in[0] == family4:
		return appendIPv4(dst, [4]byte(in[1:])), in[5:], true
	case len(in) >= 17 && in[0] == family6:
		return appendIPv6(dst, [16]byte(in[1:])), in[17:], true
	}
	return dst, in, false
}

// appendSubnet appends a subnet. Its length comes first and counts from 128 bits
// for IPv4, too (spec: wire T13).
func appendSubnet(dst, in []byte) (text, rest []byte, ok bool) {
	if len(in) < 2 || in[0] > 128 || in[1] == family4 && in[0] < 96 {
		return dst, in, false
	}
	bits := int(in[0])
	if in[1] == family4 {
		bits -= 96
	}
	if dst, in, ok = appendAddr(dst, in[1:]); !ok {
		return dst, in, false
	}
	return appendUint(append(dst, '/'), uint64(bits)), in, true
}

func appendIPv4(dst []byte, a [4]byte) []byte {
	dst = append(appendUint(dst, uint64(a[0])), '.')
	dst = append(appendUint(dst, uint64(a[1])), '.')
	dst = append(appendUint(dst, uint64(a[2])), '.')
	return appendUint(dst, uint64(a[3]))
}

// appendIPv6 appends an address as inet_ntop does, which has ::1.2.3.4 where the
// first 96 bits are 0.
func appendIPv6(dst []byte, a [16]byte) []byte {
	if [12]byte(a[:]) == ([12]byte{}) && (a[12] != 0 || a[13] != 0) {
		return appendIPv4(append(dst, "::"...), [4]byte(a[12:]))
	}
	return netip.AddrFrom16(a).AppendTo(dst)
}
