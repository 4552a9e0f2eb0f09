package imports

import (
	"net/netip"
	"strings"
)

// readNetworks reads networks.cfg, <cidr>[ <tag>] a line (spec: zeekctl 2.3), to the
// section [networks].
func (im *importer) readNetworks(s Source) {
	for i, line := range im.lines(s) {
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		here := at(s, i, line)
		fields := strings.Fields(text)
		tag := strings.TrimSpace(strings.TrimPrefix(text, fields[0]))
		tag = strings.TrimSpace(strings.TrimPrefix(tag, "#"))
		im.network(here, strings.Trim(fields[0], "[]"), tag)
	}
}

func (im *importer) network(here place, text, tag string) {
	prefix, err := netip.ParsePrefix(strings.ReplaceAll(text, "]", ""))
	address, isAddress := netip.ParseAddr(text)
	switch {
	case isAddress == nil:
		im.add(here, "%s has no length; write %v", text, netip.PrefixFrom(address, address.BitLen()))
		return
	case err != nil:
		im.add(here, "%q is not a network; write one like 10.0.0.0/8 or 2001:db8::/32", text)
		return
	case prefix != prefix.Masked():
		im.note(here, text, "has bits behind its length, which Zeek passes over, and so does this import")
	}
	key := prefix.Masked().String()
	if im.doc.table("networks").has(key) {
		im.note(here, strings.TrimSpace(text+" "+tag), "stands there before already; the last tag counts")
	}
	im.doc.table("networks").set(here, key, tag)
}
