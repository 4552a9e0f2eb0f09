package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"zctl/cpuaffinity"
	"zctl/layoutgen"
	"zctl/supervisor"
	"zctl/supervisor/api"
	"zctl/supervisor/parse"
)

var checkCommand = &cli.Command{
	Name:  "check",
	Usage: "check the configuration, and whether this host can run it",
	Description: `Reads the configuration and reports everything that is wrong with it at once,
each with file, line and column: unknown keys, wrong types, clashing ports, CPUs
that are not there, programs that cannot be run, a base_dir that cannot be made,
addresses of other hosts. Then it has Zeek parse what its nodes would run (zeek -a),
from the site directories as they are now: once for every combination of scripts and
arguments, several at a time as far as memory goes (check_memory of [zeek]), and
reports all that fail. Starts and stops nothing. deploy does the same first.

Examples:
  zctl check
  zctl check --config site.toml
  zctl check --json | jq '.scripts[] | select(.ok | not)'` + exitCodesHelp,
	Flags:  []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print a JSON object"}},
	Action: withConfig(check),
}

// checked is what zctl check --json prints.
type checked struct {
	// File is "" for the embedded default.
	File    string `json:"file"`
	BaseDir string `json:"base_dir"`
	Nodes   int    `json:"nodes"`
	// OK says that a deploy would not be refused.
	OK       bool           `json:"ok"`
	Warnings []string       `json:"warnings"`
	Scripts  []parse.Result `json:"scripts"` // of Zeek nodes
}

func check(c *cli.Context, config *layoutgen.Config) error {
	d, err := planned(config, false)
	if err != nil {
		return err
	}
	dirs := supervisor.Dirs(config.BaseDir)
	changes, err := plan(c, api.NewClient(dirs), dirs, d.Deployment, supervisor.DeployOptions{})
	if err == nil {
		err = foreignPorts(config, changes)
	}
	if err != nil && codeOfExit(err) == exitUsage { // else deploy will tell
		return err
	}
	found := checked{File: config.File, BaseDir: config.BaseDir, Nodes: len(d.Nodes), Warnings: warnings(config)}
	if found.Scripts, err = parseScripts(c, config, d.Deployment, d.Nodes); err != nil {
		return err
	}
	err = notParsed(found.Scripts, "cannot deploy this", "mend them and check again")
	found.OK = err == nil
	return errors.Join(found.print(c, d.Nodes), err)
}

func (f checked) print(c *cli.Context, nodes []supervisor.Spec) error {
	if c.Bool("json") {
		f.Warnings, f.Scripts = orEmpty(f.Warnings), orEmpty(f.Scripts)
		return json.NewEncoder(c.App.Writer).Encode(f)
	}
	for _, warning := range f.Warnings {
		fmt.Fprintln(c.App.ErrWriter, warning)
	}
	sayResults(c.App.Writer, c.App.ErrWriter, nodes, f.Scripts)
	if f.OK {
		fmt.Fprintf(c.App.Writer, "%s is good: %d nodes, base_dir %s\n", cmp.Or(f.File, "the embedded default"), f.Nodes, f.BaseDir)
	}
	return nil
}

// orEmpty is a list that JSON shows as [], not as null.
func orEmpty[T any](list []T) []T { return append([]T{}, list...) }

// unusableBy is what is wrong with a configuration on this host for a verb.
func unusableBy(c *cli.Context, config *layoutgen.Config) layoutgen.Problems {
	problems := unusableHere(config)
	switch c.Command.Name {
	case "nodes", "layout":
		// They print what the file says, perhaps for another host.
	case "cpu":
		problems = append(problems, unplaceable(config)...)
	case "supervise":
		// At boot the address may come later: the nodes are tried again.
		problems = append(problems, unplaceable(config)...)
		problems = append(problems, unusableBaseDir(c, config)...)
	default:
		problems = append(problems, unplaceable(config)...)
		problems = append(problems, unusableBaseDir(c, config)...)
		problems = append(problems, foreignAddresses(config)...)
	}
	return problems
}

// unusableHere is which lists of CPUs mean nothing and which programs cannot be
// run.
func unusableHere(config *layoutgen.Config) layoutgen.Problems {
	var problems layoutgen.Problems
	seen := map[string]bool{} // what a section says is the same for all its nodes
	for _, node := range config.Layout().Processes() {
		if !seen[node.Section] || len(node.Own) > 0 {
			for _, p := range unusableNode(config, node) {
				if !slices.Contains(problems, p) { // what is said once for several sections
					problems = append(problems, p)
				}
			}
		}
		seen[node.Section] = seen[node.Section] || len(node.Own) == 0
	}
	if program := config.Logs.PostProcess; len(program) > 0 {
		if _, err := lookPath(program[0]); err != nil {
			problems = append(problems, config.Problem("logs.post_process", "cannot run it: %v", err))
		}
	}
	return problems
}

// unusableNode is that for one node.
func unusableNode(config *layoutgen.Config, node layoutgen.Node) layoutgen.Problems {
	var problems layoutgen.Problems
	note := func(key, format string, args ...any) {
		problems = append(problems, config.Problem(node.SectionOf(key)+"."+key, format, args...))
	}
	p := node.Process
	if p.CPUs != layoutgen.CPUsAuto && p.CPUs != layoutgen.CPUsNone {
		if _, err := cpuaffinity.Parse(p.CPUs); err != nil {
			note("cpus", "%v", err)
		} else if p.CPUs == "" {
			note("cpus", `an empty list; give "auto", "none" or CPUs, like "0-3,8"`)
		}
	}
	argv, err := commandLine(config, node)
	switch {
	case err != nil && p.Engine == layoutgen.EngineZeek:
		problems = append(problems, config.Problem(zeekKey(config, node), "cannot run it: %v", err))
	case err != nil && p.Command != "":
		note("command", "cannot run it: %v", err)
	case err != nil:
		note("engine", "cannot run it: %v", err)
	}
	limits, unlimited := limitsOf(node)
	for _, problem := range unlimited {
		note(problem.key, "%v", problem.err)
	}
	if err == nil && limits.User != nil {
		if err := limits.User.MayRun(argv[0]); err != nil {
			note("user", "%s cannot run %s: %v", limits.User, argv[0], err)
		}
	}
	return problems
}

// unplaceable is which sections do not get the CPUs they want, each at its cpus.
func unplaceable(config *layoutgen.Config) layoutgen.Problems {
	layout := config.Layout()
	_, err := place(layout)
	if err == nil {
		return nil
	}
	all := []error{err}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		all = joined.Unwrap()
	}
	var problems layoutgen.Problems
	for _, err := range all {
		var unplaced *cpuaffinity.PlanError
		if errors.As(err, &unplaced) {
			problems = append(problems, config.Problem(cpusOf(layout, unplaced.Nodes[0]), "%v", err))
		} else { // the host could not be read
			problems = append(problems, layoutgen.Problem{Message: err.Error()})
		}
	}
	return problems
}

// cpusOf is where the configuration says the CPUs of a process.
func cpusOf(layout *layoutgen.Layout, name string) string {
	for _, p := range layout.Processes() {
		if p.Name == name {
			return p.SectionOf("cpus") + ".cpus"
		}
	}
	return ""
}

// foreignAddresses is which configured addresses, of those that nodes listen
// at, are not of this host.
func foreignAddresses(config *layoutgen.Config) layoutgen.Problems {
	nodes := config.Layout().Processes()
	servesMetrics := slices.ContainsFunc(nodes, func(n layoutgen.Node) bool { return n.MetricsPort != 0 })
	var problems layoutgen.Problems
	check := func(key, address string) {
		a, err := netip.ParseAddr(address)
		if err != nil {
			return // reported where the file was read
		}
		if err := tryListen(a); err != nil {
			problems = append(problems, config.Problem(key, "cannot listen at %s: %v; give an address of this host (%s)", address, err, strings.Join(hostAddresses(), ", ")))
		}
	}
	if config.Elsewhere == nil {
		check("cluster.address", config.Cluster.Address)
	} else if len(nodes) == 0 {
		problems = append(problems, config.Problem("cluster.address", "no node has an address of this host (%s); give one, or run zctl on a host of the cluster", strings.Join(hostAddresses(), ", ")))
	}
	if at, err := netip.ParseAddrPort(config.Metrics.Listen); err == nil {
		check("metrics.listen", at.Addr().String())
	}
	if servesMetrics {
		check("cluster.metrics_address", config.Cluster.MetricsAddress)
	}
	return problems
}

// tryListen listens for a moment at any port of an address. The error does not
// name the address.
func tryListen(address netip.Addr) error {
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(address, 0)))
	if err == nil {
		return l.Close()
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}

// hostAddresses is the addresses of this host, but for those that hold on one
// link only.
func hostAddresses() []string {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var addresses []string
	for _, a := range all {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && !prefix.Addr().IsLinkLocalUnicast() {
			addresses = append(addresses, prefix.Addr().String())
		}
	}
	return addresses
}

// unusableBaseDir is what is wrong with the base directory, at the place that
// says where it is.
func unusableBaseDir(c *cli.Context, config *layoutgen.Config) layoutgen.Problems {
	said := common(c, "base-dir") != ""
	if !said && config.BaseDir == "" && config.Has("base_dir") {
		return nil // reported where the file was read
	}
	dir, err := baseDir(c, config.BaseDir)
	if err != nil {
		return layoutgen.Problems{{Message: err.Error()}}
	}
	problems := unreachable(config, supervisor.Dirs(dir))
	for _, err := range []error{checkMake(supervisor.Dirs(dir)), checkLength(supervisor.Dirs(dir), config.Layout())} {
		if err == nil {
			continue
		}
		p := layoutgen.Problem{Message: err.Error()}
		switch {
		case said:
			p.Message += " (this one comes from --base-dir)"
		case config.BaseDir == "":
			p.Message += " (this one is the default: set base_dir, or say --base-dir)"
		default:
			p = config.ProblemAt("base_dir", "%v", err)
		}
		problems = append(problems, p)
	}
	return problems
}

// checkLength says whether the paths of the sockets of all nodes are short
// enough.
func checkLength(dirs supervisor.Dirs, layout *layoutgen.Layout) error {
	longest := 0
	for _, p := range layout.Processes() {
		longest = max(longest, len(p.Name))
	}
	// Only the length of a name matters here; the rest of Check is about nodes.
	probe := supervisor.Spec{Name: strings.Repeat("n", min(longest, 100)), Type: layoutgen.TypeManager, Argv: []string{"-"}}
	return supervisor.Deployment{Nodes: []supervisor.Spec{probe}}.Check(dirs)
}

// checkMake says what [supervisor.Dirs.Make] would, and makes nothing.
func checkMake(dirs supervisor.Dirs) error {
	for _, dir := range []string{filepath.Dir(dirs.Node("x")), dirs.Logs(), filepath.Join(dirs.Run(), "notify")} {
		err := checkMkdir(dir)
		if errors.Is(err, os.ErrPermission) {
			return fmt.Errorf("cannot create base_dir: %w; run zctl as the owner of %s, or choose another base_dir", err, dirs)
		}
		if err != nil {
			return fmt.Errorf("cannot create base_dir: %w; choose another base_dir", err)
		}
	}
	return nil
}

// checkMkdir says whether a directory is there and can be written to, or can be
// created in the first directory above it that is there. path is absolute.
func checkMkdir(path string) error {
	op, missing := "write to", path
	for dir := path; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		switch {
		case err == nil && !info.IsDir():
			return &os.PathError{Op: "mkdir", Path: dir, Err: unix.ENOTDIR}
		case err == nil:
			if err := checkWritable(dir); err != nil {
				return &os.PathError{Op: op, Path: missing, Err: err}
			}
			return nil
		case !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR):
			return err
		}
		if _, err := os.Lstat(dir); err == nil {
			return &os.PathError{Op: "mkdir", Path: dir, Err: errors.New("it is a symbolic link to nothing")}
		}
		op, missing = "mkdir", dir
	}
}

// kernelOnly is the filesystems in which the kernel creates all files, though
// their directories may seem writable to root.
var kernelOnly = []int64{
	unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC,
	unix.DEVPTS_SUPER_MAGIC, unix.DEBUGFS_MAGIC, unix.TRACEFS_MAGIC, unix.SECURITYFS_MAGIC,
}

// checkWritable says whether we can create files in a directory.
func checkWritable(dir string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err == nil && slices.Contains(kernelOnly, int64(fs.Type)) {
		return fmt.Errorf("only the kernel creates files in %s", dir)
	}
	return unix.Access(dir, unix.W_OK|unix.X_OK)
}
