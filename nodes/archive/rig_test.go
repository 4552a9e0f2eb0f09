package archive

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// write makes a file, and its directories.
func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// unpack is the text of a file, uncompressed if it is called so and is so; it
// must be whole then.
func unpack(t *testing.T, path string) string {
	t.Helper()
	data := must(os.ReadFile(path))
	pack := Plain
	for c, magic := range map[Compression]string{Gzip: "\x1f\x8b", Zstd: "\x28\xb5\x2f\xfd"} {
		if strings.HasSuffix(path, c.ext()) && strings.HasPrefix(string(data), magic) {
			pack = c
		}
	}
	r, err := pack.reader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return string(text)
}

// job is a job for a log of the hour from 13:00.
func job(file, stream, suffix string) Job {
	return Job{File: file, Stream: stream, Open: at("2026-11-25 13:00:00"), Close: at("2026-11-25 14:00:00"), Suffix: suffix, Ext: ".log"}
}
