package event

import (
	"encoding/binary"
	"math/bits"
)

// AppendBin appends the value in broker-bin-v1 (spec: wire 2.2). A text or
// container of more than 2³²-1 bytes or elements cannot be told on the wire.
func (v Value) AppendBin(dst []byte) []byte {
	dst = append(dst, byte(v.kind))
	switch v.kind {
	case KindBoolean:
		return append(dst, byte(v.num))
	case KindCount, KindInteger, KindTimestamp, KindTimespan:
		return binary.BigEndian.AppendUint64(dst, v.num)
	case KindReal:
		return binary.BigEndian.AppendUint64(dst, toWire(v.num))
	case KindString, KindEnum:
		return append(binary.AppendUvarint(dst, v.n), v.text()...)
	case KindAddress:
		return v.appendAddr(dst)
	case KindSubnet:
		return append(v.appendAddr(dst), v.aux)
	case KindPort:
		return append(binary.BigEndian.AppendUint16(dst, uint16(v.num)), v.aux)
	case KindSet, KindList:
		return appendElems(binary.AppendUvarint(dst, v.n), v.elems())
	case KindTable:
		return appendElems(binary.AppendUvarint(dst, v.n/2), v.elems())
	}
	return dst
}

func (v Value) appendAddr(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, v.n), v.num)
}

func appendElems(dst []byte, elems []Value) []byte {
	for i := range elems {
		dst = elems[i].AppendBin(dst)
	}
	return dst
}

// size is how many bytes the value takes in broker-bin-v1.
func (v Value) size() int {
	switch v.kind {
	case KindString, KindEnum:
		return 1 + varbytes(v.n) + int(v.n)
	case KindSet, KindList:
		return 1 + varbytes(v.n) + sizeOf(v.elems())
	case KindTable:
		return 1 + varbytes(v.n/2) + sizeOf(v.elems())
	}
	return 1 + int(kinds[v.kind].size)
}

func sizeOf(elems []Value) int {
	n := 0
	for i := range elems {
		n += elems[i].size()
	}
	return n
}

// varbytes is how many bytes a length takes: seven bits in each.
func varbytes(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }
