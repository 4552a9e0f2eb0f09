package archive

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Compression says how archived logs are compressed; the zero value is gzip, as
// in zeekctl and zeek-archiver.
type Compression string

// The compressions. Each is done by the goroutine that archives and by no other,
// since that one's thread has a low priority.
const (
	Plain Compression = "none"
	Gzip  Compression = "gzip"
	Zstd  Compression = "zstd"
)

// ParseCompression reads "none", "gzip" or "zstd".
func ParseCompression(s string) (Compression, error) {
	switch c := Compression(s); c {
	case Plain, Gzip, Zstd:
		return c, nil
	}
	return "", fmt.Errorf("cannot compress logs with %q: use gzip, zstd or none", s)
}

// ext is what is added to the extension of a log.
func (c Compression) ext() string {
	switch c {
	case Gzip, "":
		return ".gz"
	case Zstd:
		return ".zst"
	}
	return ""
}

// compressed says whether a log with this extension is compressed already and
// only moved, as one of a Zeek with LogAscii::gzip_level. The list is
// zeek-archiver's, which looks for no dot either, and what is used since.
func compressed(ext string) bool {
	for _, zip := range []string{"gz", "bz2", "lz", "lz4", "zst", "xz"} {
		if strings.HasSuffix(ext, zip) {
			return true
		}
	}
	return false
}

// writer compresses what is written to it into w, with a level of 1 to 9 of
// gzip or 1 to 22 of zstd, 0 being the usual one.
func (c Compression) writer(w io.Writer, level int) (io.WriteCloser, error) {
	switch c {
	case Gzip, "":
		if level == 0 {
			level = gzip.DefaultCompression
		}
		return gzip.NewWriterLevel(w, level)
	case Zstd:
		speed := zstd.SpeedDefault
		if level != 0 {
			speed = zstd.EncoderLevelFromZstd(level)
		}
		return zstd.NewWriter(w, zstd.WithEncoderLevel(speed), zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true))
	}
	return plainWriter{w}, nil
}

type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }

// reader is what was given to writer.
func (c Compression) reader(r io.Reader) (io.ReadCloser, error) {
	switch c {
	case Gzip, "":
		return gzip.NewReader(bufio.NewReader(r))
	case Zstd:
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return io.NopCloser(r), nil
}
