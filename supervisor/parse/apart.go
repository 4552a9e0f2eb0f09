package parse

import (
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"zctl/layoutgen/lazyregexp"
)

// telling matches what a script must contain to be parsed otherwise by one node
// than by another of the same type, arguments and environment: in an @if, or in
// the value of a global. It has to ask somebody for the name of the node, or to
// load a script that we do not see. Most that does so does it while Zeek runs,
// which is no matter, but cannot be told from here.
var telling = lazyregexp.New(`\b(getenv|CLUSTER_NODE|zeek_args|peer_description|packet_source)\b` +
	`|\bCluster::(node|node_id|my_node_id|local_node_metrics_port)\b|\bmodule\s+Cluster\b` +
	`|@load[-a-z]*\s+(/|\S*\.\./)`)

// The length in bytes of the longest script that is looked into, and how many files
// there may be.
const (
	mostScript = 4 << 20
	mostFiles  = 20_000
)

// tellApart says whether scripts in these directories might tell nodes apart. What
// cannot be read might do anything.
func tellApart(roots []string) bool {
	l := looker{seen: map[[2]uint64]bool{}}
	for _, root := range roots {
		if l.tellsApart(root) {
			return true
		}
	}
	return false
}

// looker looks at each file once; links may lead in circles.
type looker struct{ seen map[[2]uint64]bool }

func (l looker) tellsApart(path string) bool {
	if len(l.seen) > mostFiles {
		return true
	}
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return err != unix.ENOENT
	}
	id := [2]uint64{stat.Dev, stat.Ino}
	if l.seen[id] {
		return false
	}
	l.seen[id] = true
	switch {
	case stat.Mode&unix.S_IFMT == unix.S_IFDIR:
		entries, err := os.ReadDir(path)
		return err != nil || l.anyTellsApart(path, entries)
	case stat.Mode&unix.S_IFMT != unix.S_IFREG || !isScript(path):
		return false
	case stat.Size > mostScript:
		return true
	}
	text, err := os.ReadFile(path)
	return err != nil || telling().Match(text)
}

func (l looker) anyTellsApart(dir string, entries []fs.DirEntry) bool {
	for _, e := range entries {
		if l.tellsApart(filepath.Join(dir, e.Name())) {
			return true
		}
	}
	return false
}

func isScript(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".zeek" || ext == ".bro"
}
