package logwire

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// The Append methods append one value each: for every record one for every field,
// in the order of the header's fields, and then EndRecord. Behind AppendSet and
// AppendVector follow as many values of the subtype (spec: wire 3.3). Nothing
// checks that values and fields agree, neither here nor in Zeek's logger.

// AppendUnset appends the value of a field that is unset, or a hole in a vector.
func (b *Batch) AppendUnset(t Type) {
	b.u32(uint32(t))
	b.u32(0)
	b.flag(false)
}

// AppendBool appends a bool.
func (b *Batch) AppendBool(v bool) {
	var n uint64
	if v {
		n = 1
	}
	b.value(TypeBool)
	b.u64(n)
}

// AppendInt appends an int.
func (b *Batch) AppendInt(v int64) {
	b.value(TypeInt)
	b.u64(uint64(v))
}

// AppendCount appends a count.
func (b *Batch) AppendCount(v uint64) {
	b.value(TypeCount)
	b.u64(v)
}

// AppendDouble appends a double.
func (b *Batch) AppendDouble(v float64) {
	b.value(TypeDouble)
	b.text = appendDouble(b.text, v)
}

// AppendTime appends a time, in seconds since the epoch.
func (b *Batch) AppendTime(seconds float64) {
	b.value(TypeTime)
	b.text = appendDouble(b.text, seconds)
}

// AppendInterval appends an interval, in seconds.
func (b *Batch) AppendInterval(seconds float64) {
	b.value(TypeInterval)
	b.text = appendDouble(b.text, seconds)
}

// AppendString appends a string, which may hold any bytes.
func (b *Batch) AppendString(s string) { b.textual(TypeString, s) }

// AppendBytes appends a string.
func (b *Batch) AppendBytes(s []byte) {
	b.value(TypeString)
	b.u32(uint32(len(s)))
	b.text = append(b.text, s...)
}

// AppendEnum appends an enum by its full name: "Notice::ACTION_LOG".
func (b *Batch) AppendEnum(name string) { b.textual(TypeEnum, name) }

// AppendFunc appends a function by its description.
func (b *Batch) AppendFunc(description string) { b.textual(TypeFunc, description) }

// AppendFile appends a file by its name.
func (b *Batch) AppendFile(name string) { b.textual(TypeFile, name) }

// AppendPort appends a port. The protocol is 0 unknown, 1 tcp, 2 udp or 3 icmp.
func (b *Batch) AppendPort(number uint16, protocol uint8) {
	b.value(TypePort)
	b.u64(uint64(number))
	b.u32(uint32(protocol))
}

// AppendAddr appends an address. IPv4 within IPv6 is IPv4, as Zeek has it; the zero
// Addr is unset.
func (b *Batch) AppendAddr(a netip.Addr) {
	if !a.IsValid() {
		b.AppendUnset(TypeAddr)
		return
	}
	b.value(TypeAddr)
	b.addr(a.Unmap())
}

// AppendSubnet appends a subnet, whose address is masked. Its length counts from
// 128 bits for IPv4, too (spec: wire T13). An invalid Prefix is unset.
func (b *Batch) AppendSubnet(p netip.Prefix) {
	if !p.IsValid() {
		b.AppendUnset(TypeSubnet)
		return
	}
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	b.value(TypeSubnet)
	b.text = append(b.text, byte(bits))
	if a := p.Masked().Addr(); bits >= 96 {
		b.addr(a.Unmap())
	} else {
		b.addr(a)
	}
}

// AppendSet begins a set of so many elements, which follow.
func (b *Batch) AppendSet(elements int) {
	b.value(TypeSet)
	b.u64(uint64(elements))
}

// AppendVector begins a vector of so many elements, which follow.
func (b *Batch) AppendVector(elements int) {
	b.value(TypeVector)
	b.u64(uint64(elements))
}

// EndRecord counts a record whose values have all been appended.
func (b *Batch) EndRecord() { b.Records++ }

// Grow makes room for so many bytes more.
func (b *Batch) Grow(n int) { b.text = slices.Grow(b.text, n) }

// Len is how many bytes the batch has so far.
func (b *Batch) Len() int { return len(b.text) }

// Truncate takes a record back that was not ended yet: n is what Len was before.
func (b *Batch) Truncate(n int) { b.text = b.text[:n] }

// value begins a value that is set. The subtype of values means nothing and is
// 0 since Zeek 8.2 (spec: wire 3.4).
func (b *Batch) value(t Type) {
	b.u32(uint32(t))
	b.u32(0)
	b.flag(true)
}

func (b *Batch) textual(t Type, s string) {
	b.value(t)
	b.bytes(s)
}

func (b *Batch) addr(a netip.Addr) {
	if a.Is4() {
		four := a.As4()
		b.text = append(append(b.text, 4), four[:]...)
		return
	}
	all := a.As16()
	b.text = append(append(b.text, 6), all[:]...)
}

func (b *Batch) u32(n uint32) { b.text = binary.BigEndian.AppendUint32(b.text, n) }

func (b *Batch) u64(n uint64) { b.text = binary.BigEndian.AppendUint64(b.text, n) }

func (b *Batch) bytes(s string) {
	b.u32(uint32(len(s)))
	b.text = append(b.text, s...)
}

func (b *Batch) flag(set bool) {
	var c byte
	if set {
		c = 1
	}
	b.text = append(b.text, c)
}
