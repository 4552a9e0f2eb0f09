package layoutgen

import (
	"path"
	"strings"
	"time"
)

// Zeek is the section [zeek]: what nodes with engine "zeek" run, and with what.
type Zeek struct {
	// Path is the zeek program; a relative path with a slash in it counts from the
	// directory of the file, a name without one is looked for in PATH. Default: zeek
	// in PATH, /opt/zeek/bin/zeek or /usr/local/zeek/bin/zeek, whichever is found
	// first.
	Path string `toml:"path"`
	// Backend is where the script of the ZeroMQ backend stands among the others:
	// "last", "first", or "auto", which is last for Zeek 8 and first for later ones
	// (spec: generators R10). Default "auto".
	Backend string `toml:"backend"`
	// Scripts is what all Zeek nodes load. Default ["local"].
	Scripts []string `toml:"scripts"`
	// Site is the directories with the site's scripts, of which each deploy keeps a
	// copy for the Zeek nodes; of several entries of one name the first wins. A relative
	// path counts from the directory of the file. Default: site in that directory.
	Site []string `toml:"site"`
	// Prefixes is what Zeek's option -p takes: with "x", the script x.name.zeek is
	// loaded with each name.zeek. Default none.
	Prefixes []string `toml:"prefixes"`
	// Args is arguments of all Zeek nodes, behind the scripts. Default none.
	Args []string `toml:"args"`
	// WorkerArgs is arguments of Zeek workers, behind those. Default none.
	WorkerArgs []string `toml:"worker_args"`
	// CheckMemory is what all Zeek processes together may take that check and deploy
	// have parse scripts at the same time. 0 is half of what is available. Default 0.
	CheckMemory Size `toml:"check_memory"`
	// CheckTimeout is how long each of them may take. Default "2m".
	CheckTimeout time.Duration `toml:"check_timeout"`
}

// Values of Zeek.Backend.
const (
	BackendAuto  = "auto"
	BackendFirst = "first"
	BackendLast  = "last"
)

func (z *Zeek) check(s *source) {
	oneOf(s, "zeek.backend", z.Backend, BackendAuto, BackendFirst, BackendLast)
	if z.CheckMemory < 0 {
		s.problemf("zeek.check_memory", "zeek.check_memory is %v; give a size, like \"4GiB\", or 0 for half of what is available", z.CheckMemory)
	}
	if z.CheckTimeout <= 0 {
		s.problemf("zeek.check_timeout", "zeek.check_timeout is %v; give how long Zeek may take to parse the scripts, like \"2m\"", z.CheckTimeout)
	}
	if strings.ContainsRune(z.Path, 0) {
		s.problemf("zeek.path", "zeek.path has a NUL byte in it; give the path of the zeek program")
	}
	for i, script := range z.Scripts {
		at := element("zeek.scripts", i)
		if script == "" || strings.HasPrefix(script, "-") || strings.ContainsRune(script, '=') {
			s.problemf(at, "zeek.scripts: %q is not the name of a script; options and assignments belong to zeek.args", script)
		}
	}
	for i, dir := range z.Site {
		if dir == "" || strings.ContainsRune(dir, 0) {
			s.problemf(element("zeek.site", i), "zeek.site: %q is no directory; give the path of one", dir)
		}
	}
	for i, prefix := range z.Prefixes {
		if prefix == "" || prefix != path.Base(prefix) {
			s.problemf(element("zeek.prefixes", i), "zeek.prefixes: %q is no prefix of a script's name; give a word, like \"local\"", prefix)
		}
	}
	checkTemplates(s, "zeek.scripts", z.Scripts, false)
	checkTemplates(s, "zeek.prefixes", z.Prefixes, false)
	checkTemplates(s, "zeek.args", z.Args, false)
	checkTemplates(s, "zeek.worker_args", z.WorkerArgs, true)
}
