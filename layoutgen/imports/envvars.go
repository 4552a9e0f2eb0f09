package imports

import (
	"maps"
	"strings"
)

// environment gives Env_Vars of zeekctl.cfg to all nodes.
func (im *importer) environment() {
	e, _ := im.cfg.get("env_vars")
	if env := im.envVars(e, "Env_Vars"); len(env) > 0 {
		im.env = env
	}
}

// nodeEnv is the variables of a node: its own, and before them those of all.
func (im *importer) nodeEnv(s *section) map[string]string {
	e, _ := s.get("env_vars")
	env := maps.Clone(im.env)
	if env == nil {
		env = map[string]string{}
	}
	own := im.envVars(e, "node "+s.name+": env_vars")
	maps.Copy(env, own)
	return env
}

// envVars reads K=V,K2=V2. Every comma separates, and a shell takes quotes away (spec:
// zeekctl 2.1, 7.1 22).
func (im *importer) envVars(e entry, what string) map[string]string {
	env := map[string]string{}
	if e.value == "" {
		return env
	}
	for _, pair := range strings.Split(e.value, ",") {
		name, text, found := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		value, dollar, err := unquote(strings.TrimSpace(text))
		switch {
		case !found:
			im.add(e.place, "%s: there is no = in %q; every comma begins another variable, NAME=VALUE", what, pair)
		case name == "":
			im.add(e.place, "%s: there is no name in %q; write NAME=VALUE", what, pair)
		case err != nil:
			im.add(e.place, "%s: %q: %v; values cannot have commas", what, pair, err)
		case dollar:
			im.note(e.place, name+"="+text, "a shell replaced what begins with $ on the node's host; zctl does not: write it out in env")
		case name == "CLUSTER_NODE" || name == "NOTIFY_SOCKET" || name == "INTERFACE" || strings.HasPrefix(name, "ZCTL_"):
			im.note(e.place, name+"="+text, "zctl sets this variable itself")
		default:
			env[name] = value
		}
	}
	return env
}
