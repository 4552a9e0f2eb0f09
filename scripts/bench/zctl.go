package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"time"

	"zctl/supervisor"
)

// zctl is what this program is about. It is driven by its command line only.
type zctl struct {
	bench *workbench
	// unpinned lets nodes run on every CPU; by default zctl pins them.
	unpinned bool
}

func (z zctl) name() string {
	if z.unpinned {
		return "zctl, not pinned"
	}
	return "zctl"
}

func (zctl) missing() string { return "" }

// prepare writes the configuration of a cluster whose nodes all run the child.
func (z zctl) prepare(s site, count int) error {
	process := fmt.Sprintf("command = %q\nready_after = \"50ms\"\n", s.child)
	if z.unpinned {
		process += "cpus = \"none\"\n"
	}
	return s.writeConfig(count, "[manager]\n"+process, "[loggers]\ncount = 0\n", "[proxies]\ncount = 0\n",
		fmt.Sprintf("[workers]\ncount = %d\n", count-1), process)
}

func (z zctl) start(ctx context.Context, s site) (int, error) {
	if _, err := z.call(ctx, s, "deploy"); err != nil {
		return 0, err
	}
	return z.supervisor(ctx, s)
}

// renew begins the history of the node anew, so that its next death is its
// first: after some in a row zctl would take its time.
func (z zctl) renew(ctx context.Context, s site) error {
	_, err := z.call(ctx, s, "stop", renewed)
	if err == nil {
		_, err = z.call(ctx, s, "start", renewed)
	}
	return err
}

// renewed is the node with the newest child, where there are two.
const renewed = "worker-1"

// call runs a verb, and says how long that took.
func (z zctl) call(ctx context.Context, s site, verb string, args ...string) (time.Duration, error) {
	return z.bench.run(ctx, s.env(), z.bench.zctl, append([]string{"-c", s.path(configFile), verb}, args...)...)
}

// status is how the nodes are.
func (z zctl) status(ctx context.Context, s site) (supervisor.Status, error) {
	var status supervisor.Status
	said, err := command(ctx, s.env(), z.bench.zctl, "-c", s.path(configFile), "status", "--json").Output()
	if err != nil {
		return status, fmt.Errorf("cannot get status: %w", err)
	}
	return status, json.Unmarshal(said, &status)
}

// supervisor is the supervisor's pid.
func (z zctl) supervisor(ctx context.Context, s site) (int, error) {
	status, err := z.status(ctx, s)
	return status.Supervisor.PID, err
}

// supervise is zctl as a service manager or a container runs it: in the
// foreground, with no deploy.
type supervise struct{ zctl }

func (supervise) name() string { return "zctl supervise" }

func (z supervise) start(_ context.Context, s site) (int, error) {
	return s.background(s.env(), z.bench.zctl, "-c", s.path(configFile), "supervise")
}

// events is the journal of the site.
func (z zctl) events(s site) ([]supervisor.Event, error) {
	file, err := os.Open(s.zctlDirs().Events())
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var events []supervisor.Event
	for lines := json.NewDecoder(file); lines.More(); {
		var e supervisor.Event
		if err := lines.Decode(&e); err != nil {
			return nil, fmt.Errorf("cannot understand journal: %w", err)
		}
		events = append(events, e)
	}
	return events, nil
}

const configFile = "zctl.toml"

// zctlDirs is zctl's base directory; its name is short because there are sockets
// below.
func (s site) zctlDirs() supervisor.Dirs { return supervisor.Dirs(s.path("b")) }

// configureGo writes the configuration of the default cluster with so many
// workers.
func (s site) configureGo(workers int) error {
	const others = 3 // manager, logger, proxy
	return s.writeConfig(workers+others, fmt.Sprintf("[workers]\ncount = %d\n", workers))
}

// writeConfig writes a configuration for so many nodes on ports that are free.
func (s site) writeConfig(nodes int, sections ...string) error {
	const listeners, brokers = 3, 2
	port, err := freePorts(listeners + brokers + nodes)
	if err != nil {
		return err
	}
	config := fmt.Sprintf("base_dir = %q\n[cluster]\nport = %d\nmetrics_port = %d\n[broker]\nxpub_port = %d\nxsub_port = %d\n",
		s.zctlDirs(), port, port+listeners+brokers, port+listeners, port+listeners+1)
	return os.WriteFile(s.path(configFile), []byte(config+strings.Join(sections, "")), 0o644)
}

// freePorts is the first of n ports in a row that nobody listens on: somewhere
// below those that the kernel gives to clients (32768), and above the usual ones.
func freePorts(n int) (int, error) {
	const lowest, highest, tries = 15000, 32000, 100
	for range tries {
		first := lowest + rand.N(highest-lowest-n)
		if allFree(first, n) {
			return first, nil
		}
	}
	return 0, errors.New("cannot find free ports")
}

func allFree(first, n int) bool {
	for port := first; port < first+n; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}
