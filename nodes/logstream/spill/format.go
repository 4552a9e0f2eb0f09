package spill

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// magic begins every segment.
const magic = "zctlspl1"

// headSize is what stands before a batch's payload: its length, the CRC of all
// that follows, its number and its records, big-endian.
const headSize = 4 + 4 + 8 + 4

// Batch is a log batch.
type Batch struct {
	Seq     uint64 // grows from batch to batch
	Records int
	Payload []byte

	in *segment // that it was taken from
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendBatch appends a batch as it stands in a segment.
func appendBatch(dst []byte, b Batch) []byte {
	start := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(b.Payload)))
	dst = binary.BigEndian.AppendUint32(dst, 0)
	dst = binary.BigEndian.AppendUint64(dst, b.Seq)
	dst = binary.BigEndian.AppendUint32(dst, uint32(b.Records))
	dst = append(dst, b.Payload...)
	binary.BigEndian.PutUint32(dst[start+4:], crc32.Checksum(dst[start+8:], castagnoli))
	return dst
}

var errTorn = errors.New("the batch is cut off or damaged")

// readBatch reads the batch at an offset of a segment of the given size, and says
// where the next one is. It returns io.EOF at the end, and an error that is errTorn
// where no whole batch is.
func readBatch(r io.ReaderAt, at, size int64) (b Batch, next int64, err error) {
	if at == size {
		return Batch{}, at, io.EOF
	}
	var head [headSize]byte
	if size-at < headSize {
		return Batch{}, at, fmt.Errorf("%w: %d bytes are left", errTorn, size-at)
	}
	if _, err := r.ReadAt(head[:], at); err != nil {
		return Batch{}, at, err
	}
	length := int64(binary.BigEndian.Uint32(head[:]))
	if length > size-at-headSize {
		return Batch{}, at, fmt.Errorf("%w: it should have %d bytes", errTorn, length)
	}
	b.Payload = make([]byte, length)
	if n, err := r.ReadAt(b.Payload, at+headSize); n < len(b.Payload) {
		return Batch{}, at, err
	}
	crc := crc32.Update(crc32.Checksum(head[8:], castagnoli), castagnoli, b.Payload)
	if crc != binary.BigEndian.Uint32(head[4:]) {
		return Batch{}, at, fmt.Errorf("%w: wrong CRC", errTorn)
	}
	b.Seq = binary.BigEndian.Uint64(head[8:])
	b.Records = int(binary.BigEndian.Uint32(head[16:]))
	return b, at + headSize + length, nil
}

// checkMagic says whether a segment begins as one.
func checkMagic(r io.ReaderAt) error {
	var got [len(magic)]byte
	if _, err := r.ReadAt(got[:], 0); err != nil || string(got[:]) != magic {
		return fmt.Errorf("%w: it does not begin with %q", errTorn, magic)
	}
	return nil
}
