package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
)

// longestName is what file systems take, without what SQLite appends to it.
const longestName = 255 - len("-journal")

// Path is where the store of a name is kept (spec: cluster-framework 2.1): path
// if that is set, else NAME.sqlite in dir, which is default_store_dir; without
// one, in the work directory, as Broker does. A name that would lead elsewhere
// is an error; then only an explicit path will do.
func Path(path, dir, name string) (string, error) {
	if path != "" {
		return path, nil
	}
	file := name + ".sqlite"
	switch {
	case name == "":
		return "", fmt.Errorf("cannot name the file of a store without a name; set path")
	case strings.ContainsAny(name, "/\x00"):
		return "", fmt.Errorf("cannot name a file after store %q, which has a slash or zero byte; set path", name)
	case len(file) > longestName:
		return "", fmt.Errorf("cannot name a file after store %q of %d bytes, a name has at most %d; set path",
			name[:32]+"…", len(name), longestName-len(".sqlite"))
	}
	return filepath.Join(dir, file), nil
}
