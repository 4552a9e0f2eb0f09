package layoutgen

import (
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"zctl/layoutgen/lazyregexp"
)

// maxCount bounds the nodes of one section: what two digits fewer than the
// port numbers allow, and far above any cluster known.
const maxCount = 10000

var groupName = lazyregexp.New(`^[a-z0-9][-_a-z0-9]{0,31}$`)

// check reports every value that cannot be right whatever the host is like.
func (c *Config) check(s *source) {
	c.Cluster.check(s)
	c.Broker.check(s)
	c.ZeroMQ.check(s)
	c.Logs.check(s)
	c.Zeek.check(s)
	c.Archiver.Treatment.check(s, "archiver")
	c.Metrics.check(s)
	c.WebSocket.check(s)
	checkNetworks(s, c.Networks)
	checkOwnPort(s, "control.port", c.Control.Port)
	checkName(s, "manager.name", c.Manager.Name)
	checkOwnPort(s, "manager.port", c.Manager.Port)
	checkOwnPort(s, "proxies.port", c.Proxies.Port)
	checkNames(s, "loggers.names", c.Loggers.Names)
	checkNames(s, "proxies.names", c.Proxies.Names)
	checkCount(s, "proxies.count", c.Proxies.Count)
	c.Manager.Process.check(s, "manager")
	c.Loggers.check(s)
	c.Proxies.Process.check(s, "proxies")
	for i := range c.Workers {
		c.Workers[i].check(s, workersPath(s, i))
	}
}

func (c *Cluster) check(s *source) {
	if c.Name == "" || strings.ContainsFunc(c.Name, isControl) {
		s.problemf("cluster.name", "cluster.name is %q; give it a printable name", c.Name)
	}
	oneOf(s, "cluster.engine", c.Engine, EngineGo, EngineZeek)
	checkAddress(s, "cluster.address", c.Address)
	checkAddress(s, "cluster.metrics_address", c.MetricsAddress)
	checkPort(s, "cluster.port", c.Port)
	checkOwnPort(s, "cluster.metrics_port", c.MetricsPort)
	oneOf(s, "cluster.on_supervisor_exit", c.OnSupervisorExit, ExitKeep, ExitKill)
	if c.GiveUpAfter < 0 {
		s.problemf("cluster.give_up_after", "cluster.give_up_after is %d; give 0 (never) or a number of deaths in a row", c.GiveUpAfter)
	}
	if c.KeepGenerations < 2 || c.KeepGenerations > maxCount {
		s.problemf("cluster.keep_generations", "cluster.keep_generations is %d; give 2 or more (at most %d): zctl rollback needs the one before the current one", c.KeepGenerations, maxCount)
	}
	if c.KeepCrashes < 0 || c.KeepCrashes > maxCount {
		s.problemf("cluster.keep_crashes", "cluster.keep_crashes is %d; give 0 (none) to %d: so many crashes of each node are kept", c.KeepCrashes, maxCount)
	}
	if strings.ContainsRune(c.DefaultStoreDir, 0) {
		s.problemf("cluster.default_store_dir", "cluster.default_store_dir: a path holds no NUL byte")
	}
	if c.CrashExpire < 0 {
		s.problemf("cluster.crash_expire", `cluster.crash_expire is %v; give "0s" (never) or a time, like "30d"`, c.CrashExpire)
	}
}

func (m *Metrics) check(s *source) {
	if at, err := netip.ParseAddrPort(m.Listen); m.Listen != "" && (err != nil || at.Port() == 0) {
		s.problemf("metrics.listen", `metrics.listen is %q; give an IP address and a port, like "127.0.0.1:9990", or "" to serve nothing`, m.Listen)
	}
	if m.Nodes && m.Listen == "" {
		s.problemf("metrics.nodes", `metrics.nodes is true, but nothing is served there; say listen = "127.0.0.1:9990", too`)
	}
}

func (b *Broker) check(s *source) {
	oneOf(s, "broker.process", b.Process, BrokerManager, BrokerOwn)
	checkPort(s, "broker.xpub_port", b.XPubPort)
	checkPort(s, "broker.xsub_port", b.XSubPort)
	oneOf(s, "broker.curve", b.Curve, CurveAuto, CurveOn, CurveOff)
	checkHeartbeat(s, "broker.heartbeat", b.Heartbeat)
	b.Treatment.check(s, "broker")
	if b.Process != BrokerManager {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(keys(reflect.ValueOf(&b.Treatment).Elem()))) {
		if path := "broker." + key; s.has(path) {
			s.problemf(path, `%s is about a broker with a process of its own, but it runs in the manager; say process = "own", or move the key to [manager]`, path)
		}
	}
}

func (w *Workers) check(s *source, path string) {
	checkCount(s, path+".count", w.Count)
	if w.Name != "" && !groupName().MatchString(w.Name) {
		s.problemf(path+".name", "workers.name is %q; give 1 to 32 lower-case letters, digits, - or _, beginning with a letter or digit", w.Name)
	}
	if w.Name != "" && len(w.Names) > 0 {
		s.problemf(path+".name", "workers.name is what names are made of, but names are given; remove one of the two")
	}
	checkNames(s, path+".names", w.Names)
	checkOwnPort(s, path+".port", w.Port)
	if strings.ContainsFunc(w.Interface, isControl) || strings.ContainsAny(w.Interface, " /") {
		s.problemf(path+".interface", "workers.interface is %q; give the name of a network interface, like eth0 or af_packet::eth0, or \"\" to read nothing", w.Interface)
	}
	if strings.Contains(w.Interface, "${"+varInterface+"}") {
		s.problemf(path+".interface", "workers.interface is %q, which would be a part of itself; leave ${%s} out", w.Interface, varInterface)
	}
	checkTemplate(s, path+".interface", w.Interface, true)
	w.Process.check(s, path)
}

func (p *Process) check(s *source, path string) {
	oneOf(s, path+".engine", p.Engine, EngineGo, EngineZeek)
	checkOwnPort(s, path+".metrics_port", p.MetricsPort)
	if p.Address != "" || s.has(path+".address") {
		checkAddress(s, path+".address", p.Address)
	}
	if p.ReadyAfter < 0 {
		s.problemf(path+".ready_after", "%s is %v; it cannot be negative", display(path+".ready_after"), p.ReadyAfter)
	}
	if strings.ContainsRune(p.Command, 0) || strings.ContainsRune(strings.Join(p.Args, ""), 0) {
		s.problemf(path+".args", "%s: a program's name and arguments cannot contain a NUL byte", display(path))
	}
	if p.Engine == EngineZeek {
		checkTemplates(s, path+".args", p.Args, strings.HasPrefix(path, "workers") || strings.HasPrefix(path, "node."))
	}
	p.Treatment.check(s, path)
}

func (t *Treatment) check(s *source, path string) {
	oneOf(s, path+".on_shortage", t.OnShortage, ShortageError, ShortageShare)
	if t.Nice < -20 || t.Nice > 19 {
		s.problemf(path+".nice", "%s is %d; give -20 (favoured) to 19", display(path+".nice"), t.Nice)
	}
	if t.StopTimeout <= 0 {
		s.problemf(path+".stop_timeout", "%s is %v; give a positive duration, or nodes have no time to end", display(path+".stop_timeout"), t.StopTimeout)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Env)) {
		checkEnv(s, join(path+".env", name), name, t.Env[name])
	}
	t.Limits.check(s, path)
}

// ownEnv are the variables that zctl itself sets for a node.
var ownEnv = []string{"CLUSTER_NODE", "NOTIFY_SOCKET", "INTERFACE"}

func checkEnv(s *source, path, name, value string) {
	switch {
	case name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0):
		s.problemf(path, "%s: an environment variable needs a name without = and no NUL byte", display(path))
	case name == HeartbeatEnv: // of some nodes, instead of broker.heartbeat
		if _, err := ParseHeartbeat(value); err != nil {
			s.problemf(path, "%s is %q; %s", display(path), value, heartbeatAdvice)
		}
	case name == LogFullEnv:
		oneOf(s, path, value, LogFull...)
	case name == LogSpillEnv:
		if _, err := ParseLogSpill(value); err != nil {
			s.problemf(path, "%s is %q; %s", display(path), value, logSpillAdvice)
		}
	case name == StoreDirEnv || name == StoresEnv:
		s.problemf(path, "%s: zctl sets %s itself; say default_store_dir in [cluster], and [store.NAME]", display(path), name)
	case name == WebSocketEnv:
		s.problemf(path, "%s: zctl sets %s itself; say [websocket]", display(path), name)
	case slices.Contains(ownEnv, name) || strings.HasPrefix(name, "ZCTL_"):
		s.problemf(path, "%s: zctl sets %s itself; remove it", display(path), name)
	}
}

func checkCount(s *source, path string, n int) {
	if n < 0 || n > maxCount {
		s.problemf(path, "%s is %d; give 0 to %d", display(path), n, maxCount)
	}
}

func checkPort(s *source, path string, port int) {
	if port < 1 || port > maxPort {
		s.problemf(path, "%s is %d; give a port, 1 to %d", display(path), port, maxPort)
	}
}

// checkOwnPort checks a port that may be left out or turned off with 0.
func checkOwnPort(s *source, path string, port int) {
	if port != 0 {
		checkPort(s, path, port)
	}
}

func checkAddress(s *source, path, address string) {
	if a, err := netip.ParseAddr(address); err != nil || a.Zone() != "" {
		s.problemf(path, "%s is %q; give an IP address, like 127.0.0.1 or ::1", display(path), address)
	}
}

func oneOf(s *source, path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		s.problemf(path, "%s is %q; give %q", display(path), value, allowed[0])
		last := &s.problems[len(s.problems)-1]
		for _, other := range allowed[1:] {
			last.Message += ` or "` + other + `"`
		}
	}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
