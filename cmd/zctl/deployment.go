package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"zctl/cpuaffinity"
	"zctl/layoutgen"
	"zctl/layoutgen/zeek"
	"zctl/nodes/zmq/curve"
	"zctl/supervisor"
)

// planned is what a configuration and the site's scripts, as they are now, say is to
// run; nothing is staged. makeKeys has the keys of the bus made if there are none.
func planned(config *layoutgen.Config, makeKeys bool) (deployed, error) {
	keys, err := busKeys(config, makeKeys)
	if err != nil {
		return deployed{}, err
	}
	site, err := readSite(config)
	if err != nil {
		return deployed{}, err
	}
	d, err := newDeployment(config, keys, site.Digest())
	return deployed{d, site}, err
}

// newDeployment makes of a configuration what the supervisor is to run. Without
// keys its bus is not encrypted. site is the digest of the site scripts of its Zeek
// nodes, "" without any.
func newDeployment(config *layoutgen.Config, keys curve.Keys, site string) (supervisor.Deployment, error) {
	layout := config.Layout()
	placement, err := place(layout)
	if err != nil {
		return supervisor.Deployment{}, &exitError{exitUsage, err}
	}
	if err := expandInterfaces(config, layout, placement); err != nil {
		return supervisor.Deployment{}, err
	}
	zeekNodes := zeekNodes{zeek.New(config, layout), config, site}
	d := supervisor.Deployment{
		Cluster:          config.Cluster.Name,
		Config:           config.Text,
		OnSupervisorExit: config.Cluster.OnSupervisorExit,
		GiveUpAfter:      config.Cluster.GiveUpAfter,
		KeepGenerations:  config.Cluster.KeepGenerations,
		KeepCrashes:      &config.Cluster.KeepCrashes,
		CrashExpire:      config.Cluster.CrashExpire,
		Bus:              busOf(layout, keys),
		MetricsAddress:   layout.MetricsAddress,
		Metrics:          exposed(config.Metrics),
		Files: map[string]string{
			layoutgen.LayoutFile:  layout.Zeek(),
			layoutgen.BackendFile: layout.Backend.Zeek(),
		},
	}
	maps.Copy(d.Files, zeekNodes.Files())
	for i, node := range layout.Processes() {
		spec, err := newSpec(config, layout, node, placement[i].CPUs)
		if err == nil && spec.Engine == layoutgen.EngineZeek {
			spec, err = zeekNodes.complete(spec, node)
		}
		if err != nil {
			return supervisor.Deployment{}, &exitError{exitUsage, err}
		}
		spec.Argv = withLogs(spec.Argv, node, layout, config)
		spec.Env = withHeartbeat(spec, config.Broker.Heartbeat)
		spec.Env = withSpill(spec, node, layout, config.Logs.LogSend)
		spec.Env = withStores(spec, node, config)
		spec.Env = withWebSocket(spec, config.WebSocketOf(node))
		spec.Env = withKeys(spec, keys)
		d.Nodes = append(d.Nodes, spec)
	}
	if err := d.Check(supervisor.Dirs(config.BaseDir)); err != nil {
		return supervisor.Deployment{}, &exitError{exitUsage, err}
	}
	return d, nil
}

func newSpec(config *layoutgen.Config, layout *layoutgen.Layout, node layoutgen.Node, cpus cpuaffinity.List) (supervisor.Spec, error) {
	p := node.Process
	argv, err := commandLine(config, node)
	if err != nil {
		return supervisor.Spec{}, fmt.Errorf("cannot start %s: %w", node.Name, err)
	}
	limits, problems := limitsOf(node)
	for _, problem := range problems { // told when the file was read, if it was one
		return supervisor.Spec{}, fmt.Errorf("cannot limit %s: %s: %w", node.Name, problem.key, problem.err)
	}
	return supervisor.Spec{
		Name: node.Name, Type: node.Type, Engine: p.Engine,
		Argv: argv, Env: p.Env,
		Interface: node.Interface, Address: node.Address.String(), Port: node.Port, MetricsPort: node.MetricsPort,
		CPUs: cpus, Nice: p.Nice,
		Joins:       joins(layout, node),
		Limits:      limits,
		NotifyOnly:  p.Engine == layoutgen.EngineGo && p.Command == "",
		ReadyAfter:  p.ReadyAfter,
		StopTimeout: p.StopTimeout,
	}, nil
}

// commandLine is the program of a node and its arguments; of a Zeek node only the
// program.
func commandLine(config *layoutgen.Config, node layoutgen.Node) ([]string, error) {
	p := node.Process
	switch {
	case p.Engine == layoutgen.EngineZeek:
		program, err := zeekProgram(config, node)
		return []string{program}, err
	case p.Command != "":
		path, err := lookPath(p.Command)
		return append([]string{path}, p.Args...), err
	case node.Type == layoutgen.TypeBroker:
		self, err := os.Executable()
		return []string{self, "broker"}, err
	case node.Type == layoutgen.TypeArchiver:
		self, err := os.Executable()
		return append([]string{self}, archiverArgs(config, config.Layout())...), err
	default:
		self, err := os.Executable()
		return append([]string{self, "node"}, p.Args...), err
	}
}

// lookPath finds a program. Of a script it also wants the interpreter.
func lookPath(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s: %w", program, withoutPath(err))
	}
	return path, checkInterpreter(path)
}

// withoutPath is why [exec.LookPath] found no program, without its name.
func withoutPath(err error) error {
	var named *exec.Error
	if errors.As(err, &named) {
		err = named.Err
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err
}

// maxInterpreterLine is how much of a script Linux reads to find its
// interpreter (BINPRM_BUF_SIZE).
const maxInterpreterLine = 256

// checkInterpreter says whether the interpreter of a script is there. Without
// it the kernel says that the script does not exist. What is no script, or
// cannot be read, passes.
func checkInterpreter(path string) error {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // it may be a pipe
	if err != nil {
		return nil
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxInterpreterLine))
	line, isScript := strings.CutPrefix(string(text), "#!")
	if err != nil || !isScript {
		return nil
	}
	line, _, _ = strings.Cut(line, "\n")
	name := strings.TrimLeft(line, " \t")
	if end := strings.IndexAny(name, " \t"); end >= 0 {
		name = name[:end]
	}
	if !filepath.IsAbs(name) {
		return fmt.Errorf("%s: its interpreter %q has no absolute path", path, name)
	}
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("%s: its interpreter %q: %w", path, name, withoutPath(err))
	}
	return nil
}

// place decides which CPUs each process of a layout runs on.
func place(layout *layoutgen.Layout) ([]cpuaffinity.Assignment, error) {
	topology, err := cpuaffinity.Host()
	if err != nil {
		return nil, err
	}
	all := layout.Processes()
	requests := make([]cpuaffinity.Request, len(all))
	for i, node := range all {
		requests[i] = request(node)
	}
	return cpuaffinity.Plan(topology, requests)
}

// request is the wish for CPUs of a node. What its section says and cannot mean
// is left out: it is reported where it is read.
func request(node layoutgen.Node) cpuaffinity.Request {
	r := cpuaffinity.Request{
		Node:     node.Name,
		Group:    node.SectionOf("cpus"),
		Worker:   node.Type == layoutgen.TypeWorker,
		NIC:      device(node.Interface),
		Shortage: cpuaffinity.Policy(node.Process.OnShortage),
	}
	if r.Shortage != cpuaffinity.PolicyError {
		r.Shortage = cpuaffinity.PolicyShare
	}
	switch node.Process.CPUs {
	case layoutgen.CPUsAuto:
		r.Auto = true
	case layoutgen.CPUsNone:
	default:
		r.CPUs, _ = cpuaffinity.Parse(node.Process.CPUs)
	}
	return r
}

// warnings is what will work, but perhaps not as somebody expects.
func warnings(config *layoutgen.Config) []string {
	var all []string
	have := interfaces()
	missing := map[string]bool{}
	for _, node := range config.Layout().Processes() {
		if dev := device(node.Interface); dev != "" && !slices.Contains(have, dev) && !missing[dev] {
			missing[dev] = true
			all = append(all, fmt.Sprintf("warning: interface %s of %s does not exist here (have %s)", dev, node.Name, strings.Join(have, ", ")))
		}
	}
	all = append(all, elsewhere(config)...)
	all = append(all, siteWarnings(config)...)
	all = append(all, webSocketWarnings(config)...)
	return append(append(all, zeekWarnings(config)...), logWarnings(config)...)
}

// device is the network device behind an interface as Zeek writes it: without
// packet source prefix and instance. It is "" where the prefix means that the
// rest need not be a device.
func device(iface string) string {
	prefix, rest, ok := strings.Cut(iface, "::")
	if !ok {
		return iface
	}
	if prefix != "af_packet" && prefix != "pcap" {
		return ""
	}
	return rest
}

func interfaces() []string {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	slices.Sort(names)
	return names
}
