package archive

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// sameLog says whether an archive contains a log, byte by byte, and is whole.
func sameLog(src *source, archive string, pack Compression) bool {
	f, err := os.Open(archive)
	if err != nil {
		return false
	}
	defer f.Close()
	r, err := pack.reader(f)
	if err != nil {
		return false
	}
	defer r.Close()
	info, err := src.Stat()
	if err != nil {
		return false
	}
	want := &expected{r: io.NewSectionReader(src, 0, info.Size())}
	n, err := io.Copy(want, r)
	return err == nil && n == info.Size()
}

// expected takes only the bytes that r would give.
type expected struct {
	r   io.Reader
	buf []byte
}

func (e *expected) Write(p []byte) (int, error) {
	e.buf = append(e.buf[:0], p...)
	if _, err := io.ReadFull(e.r, e.buf); err != nil || !bytes.Equal(e.buf, p) {
		return 0, errors.New("they differ")
	}
	return len(p), nil
}
