package zeek

import "path/filepath"

// Path is where a Zeek that is installed below prefix looks for its own scripts, as
// the value of ZEEKPATH: its default, but for the "." in front (spec: generators
// 2.3).
func Path(prefix string) string {
	share := filepath.Join(prefix, "share/zeek")
	return share + ":" + share + "/policy:" + share + "/site:" + share + "/builtin-plugins"
}

// Programs are the places where zeek is looked for when it is not in PATH.
var Programs = []string{"/opt/zeek/bin/zeek", "/usr/local/zeek/bin/zeek"}
