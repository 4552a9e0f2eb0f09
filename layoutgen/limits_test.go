package layoutgen

import (
	"errors"
	"testing"
)

// TestLimits shows what the keys about limits become, in all sections.
func TestLimits(t *testing.T) {
	t.Parallel()
	c, err := Parse("z.toml", []byte(`
[broker]
process = "own"
memory_max = "256MiB"
[manager]
core = 0
umask = "027"
[loggers]
core = "1GiB"
nofile = 4096
[workers]
memory_max = "2GiB"
cpu_weight = 500
user = "zeek"
group = "1001"
core = "unlimited"
capabilities = ["net_raw", "CAP_IPC_LOCK"]
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Broker.MemoryMax != 256<<20 || c.Proxies.MemoryMax != 0 {
		t.Errorf("memory_max: broker %v, proxies %v", c.Broker.MemoryMax, c.Proxies.MemoryMax)
	}
	for name, test := range map[string]struct{ got, want Setting[Bound] }{
		"manager": {c.Manager.Core, Setting[Bound]{0, true}},
		"loggers": {c.Loggers.Core, Setting[Bound]{1 << 30, true}},
		"proxies": {c.Proxies.Core, Setting[Bound]{}},
		"workers": {c.Workers[0].Core, Setting[Bound]{Unlimited, true}},
	} {
		if test.got != test.want {
			t.Errorf("core of %s: %+v, want %+v", name, test.got, test.want)
		}
	}
	w := c.Workers[0]
	if w.CPUWeight != 500 || w.User != "zeek" || w.Group != "1001" || len(w.Capabilities) != 2 || c.Loggers.NoFile != 4096 {
		t.Errorf("%+v", w.Limits)
	}
	if mask, err := ParseUmask(c.Manager.Umask); err != nil || mask != 0o027 {
		t.Errorf("umask %o, %v", mask, err)
	}
	if n, ok := Capability(w.Capabilities[1]); !ok || n != 14 || CapabilityName(n) != "ipc_lock" {
		t.Errorf("capability %d %v is %s", n, ok, CapabilityName(n))
	}
}

// TestLimitProblems shows what is said of limits that cannot be, and where.
func TestLimitProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ doc, want string }{
		{"[workers]\nmemory_max = 2", `z.toml:2:1: workers.memory_max is 2B; give 1MiB or more, like "2GiB", or 0 for no limit`},
		{"[workers]\nmemory_max = \"-1GiB\"", `z.toml:2:1: workers.memory_max is -1GiB; give 1MiB or more, like "2GiB", or 0 for no limit`},
		{"[loggers]\ncpu_weight = -1", "z.toml:2:1: loggers.cpu_weight is -1; give 1 to 10000, where 100 is what all others have, or 0 to leave it alone"},
		{"[loggers]\ncpu_weight = 10001", "z.toml:2:1: loggers.cpu_weight is 10001; give 1 to 10000, where 100 is what all others have, or 0 to leave it alone"},
		{"[manager]\nnofile = 3", "z.toml:2:1: manager.nofile is 3; give 16 or more, or 0 to leave it alone"},
		{"[manager]\nnofile = \"unlimited\"", `z.toml:2:1: manager.nofile is the string "unlimited"; it must be a whole number`},
		{"[proxies]\nuser = \"\"", `z.toml:2:1: proxies.user is ""; give a name or a number`},
		{"[proxies]\ngroup = \"-x\"", `z.toml:2:1: proxies.group is "-x"; give a name or a number`},
		{"[proxies]\numask = \"888\"", `z.toml:2:1: proxies.umask is "888"; give permissions in octal, "0000" to "0777"`},
		{"[proxies]\numask = \"1000\"", `z.toml:2:1: proxies.umask is "1000"; give permissions in octal, "0000" to "0777"`},
		{"[workers]\ncore = \"-1\"", `z.toml:2:1: workers.core is -1B; give a size, 0, or "unlimited"`},
		{"[workers]\ncore = \"big\"", `z.toml:2:1: workers.core is the string "big"; it must be a size, like "128MiB", "2GB", or a whole number of bytes, or "unlimited"`},
		{"[manager]\nmemory_max = \"1GiB\"\n[broker]\ncpu_weight = 7", `z.toml:4:1: broker.cpu_weight is about a broker with a process of its own, but it runs in the manager; say process = "own", or move the key to [manager]`},
	}
	for _, test := range tests {
		_, err := Parse("z.toml", []byte(test.doc))
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Error() != test.want {
			t.Errorf("%q:\ngot  %v\nwant %s", test.doc, err, test.want)
		}
	}
	_, err := Parse("z.toml", []byte("[workers]\ncapabilities = [\"net_raw\", \"fly\"]"))
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Line != 2 {
		t.Errorf("%v", err)
	}
}
