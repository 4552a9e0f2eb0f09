package tap

import (
	"strconv"
	"strings"
)

// nodeID is what the id of a node says about it.
type nodeID struct {
	name, host string
	pid        int
}

// parseNodeID takes an id apart: zeromq_<name>_<host>_<pid>_<unique> (spec: wire
// 5.1). Names and hosts may have underscores, too: one of the names that are known
// decides, and without any the last underscore. Ids may be anything; of a
// foreign one nothing is known.
func parseNodeID(id string, names []string) (nodeID, bool) {
	rest, ok := strings.CutPrefix(id, "zeromq_")
	if !ok {
		return nodeID{}, false
	}
	rest, _, ok = cutLast(rest)
	if !ok {
		return nodeID{}, false
	}
	rest, digits, ok := cutLast(rest)
	pid, err := strconv.Atoi(digits)
	if !ok || err != nil || pid < 1 {
		return nodeID{}, false
	}
	name, host, ok := cutLast(rest)
	longest := 0
	for _, n := range names {
		if after, found := strings.CutPrefix(rest, n+"_"); found && len(n) > longest {
			name, host, longest = n, after, len(n)
		}
	}
	return nodeID{name, host, pid}, ok && name != ""
}

// cutLast cuts at the last underscore.
func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '_')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}
