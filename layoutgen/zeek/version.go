package zeek

import (
	"cmp"
	"fmt"
	"strconv"

	"zctl/layoutgen/lazyregexp"
)

// Version is a version of Zeek.
type Version struct {
	Major, Minor, Patch int
	Text                string // as Zeek says it: "8.1.2", "9.0.0-rc1"
}

// versionLine is what zeek --version prints: PROGRAM version 8.1.2.
var versionLine = lazyregexp.New(`(?m)^\S.* version ((\d{1,5})\.(\d{1,5})(?:\.(\d{1,5}))?\S*)\s*$`)

// ParseVersion reads what zeek --version prints.
func ParseVersion(output string) (Version, error) {
	m := versionLine().FindStringSubmatch(output)
	if m == nil {
		return Version{}, fmt.Errorf("%.80q does not look like Zeek's version, which is a line like \"zeek version 8.1.2\"", output)
	}
	v := Version{Text: m[1]}
	v.Major, _ = strconv.Atoi(m[2])
	v.Minor, _ = strconv.Atoi(m[3])
	v.Patch, _ = strconv.Atoi(m[4])
	return v, nil
}

func (v Version) String() string { return v.Text }

// AtLeast says whether it is that version or a later one.
func (v Version) AtLeast(major, minor int) bool {
	return cmp.Or(cmp.Compare(v.Major, major), cmp.Compare(v.Minor, minor)) >= 0
}

// Check says why a cluster cannot have such nodes. Before 8.0 there was no ZeroMQ
// backend that the later ones understand, and before 8.2 none that encrypts (spec:
// wire 4.2).
func (v Version) Check(encrypted bool) error {
	switch {
	case !v.AtLeast(8, 0):
		return fmt.Errorf("it is Zeek %s; clusters over ZeroMQ need Zeek 8.0 or later", v)
	case encrypted && !v.AtLeast(8, 2):
		return fmt.Errorf("it is Zeek %s, and the bus is encrypted, which Zeek can do from 8.2 on; install a later one, or say curve = \"off\" in [broker]", v)
	}
	return nil
}
