package generation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// digestBytes is how much of a SHA-256 names something: what nobody meets twice by
// accident, and short enough for a path in an environment.
const digestBytes = 16

// Valid says whether a name can be a digest, and so a safe part of a path.
func Valid(name string) bool {
	return len(name) == 2*digestBytes && strings.Trim(name, "0123456789abcdef") == ""
}

// Files is the content of a generation: what is in each file, by its path, which has
// slashes and no dots.
type Files map[string]string

// Digest names the files.
func (f Files) Digest() string {
	var t Tree
	for _, path := range slices.Sorted(maps.Keys(f)) {
		t = append(t, Entry{Path: path, Kind: File, Content: sum(f[path])})
	}
	return t.Digest()
}

// Digest names a tree: the paths, what is there, and whether it can be run. It is ""
// for an empty one.
func (t Tree) Digest() string {
	if len(t) == 0 {
		return ""
	}
	h := sha256.New()
	for _, e := range t {
		fmt.Fprintf(h, "%s\x00%s\x00%s\x00", e.Kind, e.Path, e.Content) // none of them has a NUL
	}
	return hex.EncodeToString(h.Sum(nil)[:digestBytes])
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}
