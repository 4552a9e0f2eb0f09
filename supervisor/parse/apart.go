package parse

import (
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"
)

// telling matches what a script must contain to be parsed otherwise by one node
// than by another of the same type, arguments and environment: in an @if, or in
// the value of a global. It has to ask somebody for the name of the node, or to
// load a script that we do not see. Most that does so does it while Zeek runs,
// which is no matter, but cannot be told from here.
var telling = regexp.MustCompile(`\b(getenv|CLUSTER_NODE|zeek_args|peer_description|packet_source)\b` +
	`|\bCluster::(node|node_id|my_node_id|local_node_metrics_port)\b|\bmodule\s+Cluster\b` +
	`|@load[-a-z]*\s+(/|\S*\.\./)`)

// mostScript is the length in bytes of the longest script that is looked into.
const mostScript = 4 << 20

// tellApart says whether scripts in these directories or files might. What
// cannot be read might do anything.
func tellApart(roots []string) bool {
	seen := map[[2]uint64]bool{} // links may lead in circles
	for _, root := range roots {
		if tellsApart(root, seen) {
			return true
		}
	}
	return false
}

func tellsApart(path string, seen map[[2]uint64]bool) bool {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return err != unix.ENOENT
	}
	id := [2]uint64{stat.Dev, stat.Ino}
	if seen[id] {
		return false
	}
	seen[id] = true
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		entries, err := os.ReadDir(path)
		for _, e := range entries {
			if tellsApart(filepath.Join(path, e.Name()), seen) {
				return true
			}
		}
		return err != nil
	case unix.S_IFREG:
		if ext := filepath.Ext(path); ext != ".zeek" && ext != ".bro" {
			return false
		}
		text, err := os.ReadFile(path)
		return err != nil || stat.Size > mostScript || telling.Match(text)
	}
	return false
}
