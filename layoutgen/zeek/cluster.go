package zeek

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zctl/layoutgen"
)

// Cluster is the Zeek nodes of a cluster.
type Cluster struct {
	config *layoutgen.Config
	layout *layoutgen.Layout
	fanout map[string]int // the ids of AF_PACKET's groups, by device
}

// New is the Zeek nodes of a layout that was made of the configuration. Its nodes
// have their interfaces with everything put in.
func New(config *layoutgen.Config, layout *layoutgen.Layout) *Cluster {
	return &Cluster{config, layout, fanoutIDs(config.BaseDir, layout)}
}

// StatusFile is where a Zeek process says how far it is, in its work directory.
const StatusFile = ".status"

// QueueDir is the directory where a Zeek logger puts rotated logs, in its work
// directory.
const QueueDir = "log-queue"

// backendScript is the script of the ZeroMQ backend.
const backendScript = "policy/frameworks/cluster/backend/zeromq"

// Args is what the zeek process of a node is told, behind the name of the program
// (spec: generators R10, R20; zeekctl 3.5). cpu is what it is pinned to, "" if that
// is not a single one.
func (c *Cluster) Args(node layoutgen.Node, v Version, cpu string) ([]string, error) {
	var args []string
	if node.Type == layoutgen.TypeWorker && node.Interface != "" {
		args = append(args, "-i", node.Interface)
	}
	args = append(args, "-U", StatusFile)
	z := c.config.Zeek
	prefixes, err := expandAll(node, cpu, z.Prefixes)
	for _, prefix := range prefixes {
		args = append(args, "-p", prefix)
	}
	if err != nil {
		return nil, err
	}
	site := append(slices.Clone(z.Scripts), z.Args...)
	if node.Type == layoutgen.TypeWorker {
		site = append(site, z.WorkerArgs...)
	}
	if site, err = expandAll(node, cpu, append(site, node.Process.Args...)); err != nil {
		return nil, err
	}
	site = append(c.ownScripts(node), site...) // first, so that the site's may say otherwise
	if c.backendFirst(v) {
		return append(append(args, backend(v)...), site...), nil
	}
	return append(append(args, site...), backend(v)...), nil
}

// ownScripts is the generated scripts that a node loads, but for that of the backend.
func (c *Cluster) ownScripts(node layoutgen.Node) []string {
	if id := c.fanoutOf(node); id != 0 {
		return []string{ScriptFile, fanoutFile(id)}
	}
	return []string{ScriptFile}
}

// backend is the scripts of the backend, and behind them where its broker is: before
// they are loaded Zeek knows no such options.
func backend(v Version) []string {
	if !v.AtLeast(8, 1) { // it does not connect by itself (spec: wire 4.2)
		return []string{backendScript, backendScript + "/connect", layoutgen.BackendFile}
	}
	return []string{backendScript, layoutgen.BackendFile}
}

func expandAll(node layoutgen.Node, cpu string, texts []string) ([]string, error) {
	var all []string
	for _, text := range texts {
		expanded, err := node.Expand(text, cpu)
		if err != nil {
			return nil, err
		}
		all = append(all, expanded)
	}
	return all, nil
}

func (c *Cluster) backendFirst(v Version) bool {
	switch c.config.Zeek.Backend {
	case layoutgen.BackendFirst:
		return true
	case layoutgen.BackendLast:
		return false
	}
	return v.AtLeast(9, 0)
}

// Env is the environment of a node: what the configuration says, and ZEEKPATH with
// the scripts of a Zeek below prefix behind what it says of that.
func (c *Cluster) Env(node layoutgen.Node, prefix string) map[string]string {
	env := maps.Clone(node.Process.Env)
	if env == nil {
		env = map[string]string{}
	}
	path := Path(prefix)
	if own := env["ZEEKPATH"]; own != "" {
		path = own + ":" + path
	}
	env["ZEEKPATH"] = path
	return env
}

// Settings is what else a node reads only when it starts, as texts for people: its
// Zeek, and what of the generated scripts concerns it.
func (c *Cluster) Settings(node layoutgen.Node, v Version) []string {
	all := []string{"zeek " + v.Text, "hash seed " + c.hashSeed()}
	for _, network := range c.config.LocalNetworks() {
		all = append(all, "network "+network.Prefix.String())
	}
	if w := c.config.WebSocketOf(node); w != nil {
		all = append(all, "websocket "+webSocketOptions(w))
	}
	if c.layout.TakesLogs(node) {
		for _, o := range c.logOptions() {
			all = append(all, o.name+" "+o.value)
		}
	}
	return all
}

// hashSeed is Zeek's global_hash_seed. It has to be the same for all nodes, else what
// they count with Bloom filters and the like cannot be merged. Other clusters have
// others.
func (c *Cluster) hashSeed() string {
	sum := sha256.Sum256([]byte("hash seed\x00" + c.config.BaseDir + "\x00" + c.config.Cluster.Name))
	return hex.EncodeToString(sum[:4])
}

// Loggers is the Zeek nodes of this host that take the logs of others.
func Loggers(layout *layoutgen.Layout) []layoutgen.Node {
	return slices.DeleteFunc(slices.Clone(layout.Nodes), func(n layoutgen.Node) bool {
		return n.Process.Engine != layoutgen.EngineZeek || n.Elsewhere || !layout.TakesLogs(n)
	})
}

// quote is a string literal of Zeek's language.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
