package imports

import (
	"strconv"
	"strings"

	"zctl/layoutgen/lazyregexp"
)

var optionName = lazyregexp.New(`^[a-z_][a-z0-9_.]*$`)

// readZeekctlCfg reads zeekctl.cfg: Key = value, where the first = splits, keys are in
// any case, and later lines win (spec: zeekctl 2.4). The keys come in lower case.
func (ps *problems) readZeekctlCfg(s Source) *section {
	all := &section{place: place{file: s.Name}}
	for i, line := range ps.lines(s) {
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		here := at(s, i, line)
		key, value, found := strings.Cut(text, "=")
		name := strings.ToLower(strings.TrimSpace(key))
		value = strings.TrimSpace(value)
		switch {
		case !found || name == "":
			ps.add(here, "%q is no option; write Key = value", text)
			continue
		case name[0] >= '0' && name[0] <= '9':
			ps.add(here, "the name of option %q cannot start with a number", name)
			continue
		case !optionName().MatchString(name):
			ps.add(here, "the name of option %q has characters that cannot be in one; give letters, digits, _ and .", name)
			continue
		case len(value) > 1 && strings.ContainsRune(`"'`, rune(value[0])) && value[0] == value[len(value)-1]:
			ps.add(here, "the value of %s cannot be wrapped in quotes; remove them", name)
			value = value[1 : len(value)-1]
		}
		ps.checkOption(here, name, value)
		all.entries = append(all.entries, entry{name, value, here})
	}
	return all
}

// checkOption reports a value that ZeekControl would refuse for its type.
func (ps *problems) checkOption(here place, name, value string) {
	o, known := options[name]
	_, isInt := strconv.Atoi(value)
	switch {
	case name == "broport":
		ps.add(here, "option BroPort is no longer supported; write ZeekPort instead")
	case !known:
	case o.typ == typeInt && isInt != nil:
		ps.add(here, "%s is %q; give a whole number", o.name, value)
	case o.typ == typeBool && !isBool(value):
		ps.add(here, "%s is %q; give 0, 1, true or false", o.name, value)
	}
}

func isBool(value string) bool {
	switch strings.ToLower(value) {
	case "0", "1", "true", "false":
		return true
	}
	return false
}

// yes is the value of a boolean option.
func (e entry) yes() bool { return e.value == "1" || strings.EqualFold(e.value, "true") }
