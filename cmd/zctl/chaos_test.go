package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor"
)

var (
	chaosKills = flag.Int("chaos-kills", 200, "how many processes the chaos test kills")
	chaosSeed  = flag.Uint64("chaos-seed", 0, "seed of the chaos test; 0: another one each time")
)

// chaos kills nodes and supervisors at random while somebody operates the cluster.
type chaos struct {
	*killing
	rand    *rand.Rand
	version int
	inHand  []*exec.Cmd  // what somebody has begun
	unseen  map[int]bool // killed while no supervisor could see it
	kills   map[string]int
	begun   map[string]int
}

// chaosNode is a program that writes down that it was started, before it is anything else.
const chaosNode = `#!/bin/sh
case $1 in --version) echo 'zeek version 8.1.2'; exit ;; esac
echo "$$ $CLUSTER_NODE" >> STARTS
exec sleep 1000
`

// TestChaos kills nodes and the supervisor while deploys, rolling deploys, rollbacks and
// restarts are under way, several at a time. After the next deploy exactly the nodes run
// that should, each once, and the journal explains every start that there was.
func TestChaos(t *testing.T) {
	t.Parallel()
	seed := *chaosSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	c := &chaos{
		killing: newKilling(t), rand: rand.New(rand.NewPCG(seed, 0)),
		unseen: map[int]bool{}, kills: map[string]int{}, begun: map[string]int{},
	}
	c.write("node", strings.ReplaceAll(chaosNode, "STARTS", c.startsFile()), 0o755)
	c.operate("deploy")
	c.finish()
	for n := 0; n < *chaosKills; {
		if len(c.inHand) < 2 {
			c.operate([]string{"deploy", "roll", "rollback", "rollback by steps", "restart", "start"}[c.rand.IntN(6)])
		}
		time.Sleep(time.Duration(c.rand.Int64N(int64(50 * time.Millisecond))))
		if c.kill() {
			n++
		}
		if c.rand.IntN(4) == 0 {
			c.finish()
		}
	}
	c.finish()
	c.configure(c.version)
	c.mended("after all")
	c.explained()
	t.Logf("killed %v during %v; %d while no supervisor ran", c.kills, c.begun, len(c.unseen))
}

func (c *chaos) startsFile() string { return filepath.Join(c.dir, "starts") }

// operate begins something, and does not wait for it.
func (c *chaos) operate(what string) {
	c.t.Helper()
	c.begun[what]++
	steps := []string{"--rolling", "--observe", "0s", "--max-unavailable", strconv.Itoa(1 + c.rand.IntN(2)), "--timeout", "5s"}
	var args []string
	switch what {
	case "deploy":
		args = []string{"deploy", "--config", c.next(), "--timeout", "5s"}
	case "roll":
		args = append([]string{"deploy", "--config", c.next()}, steps...)
	case "rollback":
		args = []string{"rollback", "--timeout", "5s"}
	case "rollback by steps":
		args = append([]string{"rollback"}, steps...)
	case "restart":
		args = []string{"restart", []string{"workers", "loggers", "manager", "all"}[c.rand.IntN(4)], "--timeout", "5s"}
	case "start":
		args = []string{"start", "--timeout", "5s"}
	}
	cmd := c.command(args...)
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.inHand = append(c.inHand, cmd)
}

// configure makes a configuration like no other, of small programs: what is to be shown
// is what becomes of processes, not what they do.
func (c *chaos) configure(version int) {
	var text strings.Builder
	fmt.Fprintf(&text, "base_dir = \"state\"\n[cluster]\nkeep_generations = 3\nport = %d\nmetrics_port = 0\n", c.port+2)
	fmt.Fprintf(&text, "[broker]\nxpub_port = %d\nxsub_port = %d\n", c.port, c.port+1)
	for _, section := range []string{"manager", "loggers", "proxies", "workers"} {
		fmt.Fprintf(&text, "[%s]\ncommand = \"./node\"\nready_after = \"10ms\"\nstop_timeout = \"5s\"\n", section)
		if section == "workers" {
			fmt.Fprintf(&text, "count = %d\n", 2+version%3)
		}
		if section == "workers" || version%2 == 0 {
			fmt.Fprintf(&text, "env = { VERSION = \"%d\" }\n", version)
		}
	}
	c.write("zctl.toml", text.String(), 0o644)
}

// next is a file with a configuration like no other.
func (c *chaos) next() string {
	c.version++
	c.configure(c.version)
	name := fmt.Sprintf("%d.toml", c.version)
	if err := os.Rename(filepath.Join(c.dir, "zctl.toml"), filepath.Join(c.dir, name)); err != nil {
		c.t.Fatal(err)
	}
	os.WriteFile(filepath.Join(c.dir, "zctl.toml"), []byte("base_dir = \"state\"\n"), 0o644) // for who needs no more
	return name
}

// finish waits for what was begun. How it ends nobody can tell: somebody was killed.
func (c *chaos) finish() {
	for _, cmd := range c.inHand {
		late := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
		cmd.Wait()
		if !late.Stop() {
			c.t.Errorf("%v does not end", cmd.Args)
		}
	}
	c.inHand = nil
}

// kill kills a node, or now and then the supervisor, and says whether there was one.
func (c *chaos) kill() bool {
	supervisor := c.supervisor()
	if c.rand.IntN(6) == 0 {
		if supervisor == 0 || unix.Kill(supervisor, unix.SIGKILL) != nil {
			return false
		}
		c.kills["supervisors"]++
		return true
	}
	nodes := findAll("ZCTL_BASE_DIR=" + string(c.dirs))
	if len(nodes) == 0 {
		return false
	}
	pid := nodes[c.rand.IntN(len(nodes))].ID.PID
	if unix.Kill(pid, unix.SIGKILL) != nil {
		return false
	}
	if supervisor == 0 || c.supervisor() != supervisor {
		c.unseen[pid] = true
	}
	c.kills["nodes"]++
	return true
}

// explained checks that the journal tells of every process that ever was, and of each
// the node. Only one that ended while no supervisor ran may be missing: its maker was
// killed before he could write it down, and the next one never saw it.
func (c *chaos) explained() {
	c.t.Helper()
	told := map[string]bool{}
	for _, name := range []string{c.dirs.Events() + ".1", c.dirs.Events()} {
		each(c.t, name, func(line string) {
			var e supervisor.Event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				c.t.Errorf("%s: %v", line, err)
			}
			if e.To == "running" || e.To == "ready" || e.From == "" { // or left behind by a supervisor that was killed
				told[fmt.Sprintf("%d %s", e.PID, e.Node)] = true
			}
		})
	}
	starts := 0
	each(c.t, c.startsFile(), func(start string) {
		starts++
		pid, _, _ := strings.Cut(start, " ")
		if n, _ := strconv.Atoi(pid); !told[start] && !c.unseen[n] {
			c.t.Errorf("nothing explains why there was a process %s", start)
		}
	})
	if starts < *chaosKills/2 {
		c.t.Errorf("only %d starts", starts)
	}
	c.t.Logf("%d starts", starts)
}

// each calls f with every line of a file; it need not be there.
func each(t *testing.T, name string, f func(line string)) {
	file, err := os.Open(name)
	if err != nil {
		return
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f(lines.Text())
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
}
