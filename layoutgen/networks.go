package layoutgen

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Network is a network that is the site's own.
type Network struct {
	Prefix netip.Prefix
	Tag    string // what somebody calls it
}

// LocalNetworks is the section [networks], in the order of the addresses.
func (c *Config) LocalNetworks() []Network {
	var all []Network
	for text, tag := range c.Networks {
		if p, err := netip.ParsePrefix(text); err == nil {
			all = append(all, Network{p, tag})
		}
	}
	slices.SortFunc(all, func(a, b Network) int { return comparePrefixes(a.Prefix, b.Prefix) })
	return all
}

func comparePrefixes(a, b netip.Prefix) int {
	if c := a.Addr().Compare(b.Addr()); c != 0 {
		return c
	}
	return a.Bits() - b.Bits()
}

func checkNetworks(s *source, networks map[string]string) {
	first := map[netip.Prefix]string{}
	for _, text := range slices.Sorted(maps.Keys(networks)) {
		at := join("networks", text)
		prefix, err := netip.ParsePrefix(text)
		address, isAddress := netip.ParseAddr(text)
		switch {
		case isAddress == nil && address.Zone() == "":
			s.problemf(at, "networks: %q has no length; give a network, like %q", text, netip.PrefixFrom(address, address.BitLen()))
		case err != nil:
			s.problemf(at, `networks: %q is not a network; give one like "10.0.0.0/8" or "2001:db8::/32"`, text)
		case prefix != prefix.Masked():
			s.problemf(at, "networks: %q has bits behind its length; give %q", text, prefix.Masked())
		case first[prefix] != "":
			s.problemf(at, "networks: %q is %q once more; remove one", text, first[prefix])
		default:
			first[prefix] = text
		}
		if strings.ContainsFunc(networks[text], isControl) {
			s.problemf(at, "networks: the tag of %q is %q; it can have no control characters", text, networks[text])
		}
	}
}
