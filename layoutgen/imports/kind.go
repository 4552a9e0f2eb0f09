package imports

import (
	"slices"
	"strings"
)

// What [Kind] tells apart.
const (
	KindNodeCfg  = "node.cfg"
	KindZeekConf = "zeek.conf"
)

// Kind is what a file is by its text: [KindNodeCfg], [KindZeekConf], or "" if nothing
// in it says. Its first key or section that only one of the two has decides.
func Kind(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if header := sectionLine().FindStringSubmatch(line); header != nil {
			switch {
			case interfaceSection().MatchString(header[1]):
				return KindZeekConf
			case header[1] != "zeek": // which a standalone node may be called
				return KindNodeCfg
			}
			continue
		}
		key := line[:max(0, strings.IndexAny(line+"=", "=:"))]
		key = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(key)), ".", "_")
		_, ofConf := confKeys[key]
		switch {
		case key == "interface":
		case slices.Contains(usedKeys, key) || slices.Contains(idleKeys, key) || strings.HasPrefix(key, "af_packet_"):
			return KindNodeCfg
		case ofConf:
			return KindZeekConf
		}
	}
	if strings.Contains(text, "interface") { // and nothing else that says: node.cfg needs types
		return KindZeekConf
	}
	return ""
}
