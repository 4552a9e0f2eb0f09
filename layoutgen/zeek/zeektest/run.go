package zeektest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"zctl/layoutgen"
)

// zeek is one run of the stand-in.
type zeek struct {
	started time.Time
	prefix  string // where it is installed
	node    string // CLUSTER_NODE
	args    arguments
	steer   steering
	scripts *scripts
	layout  *layoutgen.Layout // nil where the node is of no cluster
	join    func(ctx context.Context, node string) error
	signals chan os.Signal
	log     *logWriter
	memory  []byte
	ports   []io.Closer
}

// Main is the stand-in. It returns the exit code.
func Main(o Options) int {
	z := &zeek{started: time.Now(), node: os.Getenv("CLUSTER_NODE"), join: o.Join, signals: make(chan os.Signal, 8)}
	signal.Notify(z.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1)
	argv := commandLine()
	z.prefix = filepath.Dir(filepath.Dir(argv[0]))
	var err error
	if z.args, err = parseArgs(argv[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\nusage: %s [options] [file ...]\n", argv[0], err, argv[0])
		return 1
	}
	if z.steer, err = readSteering(z.node); err != nil {
		fmt.Fprintln(os.Stderr, "zeektest:", err)
		return 99
	}
	if err := record(recordFile(z.node, z.args.version), argv); err != nil {
		fmt.Fprintln(os.Stderr, "zeektest:", err)
		return 99
	}
	if z.args.version {
		time.Sleep(z.steer.versionTime)
		fmt.Printf("%s version %s\n", argv[0], z.steer.version)
		return 0
	}
	return z.run()
}

// commandLine is what this process was started as, the program with its path.
// Whoever dispatches to Main may have changed os.Args.
func commandLine() []string {
	argv := os.Args
	if text, err := os.ReadFile("/proc/self/cmdline"); err == nil {
		argv = strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
	}
	path, err := exec.LookPath(argv[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err == nil {
		argv[0] = path
	}
	return argv
}

func (z *zeek) run() int {
	z.setStatus("INITIALIZING", "main")
	for _, step := range []func() *failure{z.parse, z.crashIfTold} {
		if f := step(); f != nil {
			return z.end(f)
		}
	}
	if z.args.parseOnly {
		z.setStatus("TERMINATED", "atexit")
		return 0
	}
	for _, step := range []func() *failure{z.serveMetrics, z.openInterfaces, z.checkNode, z.bind} {
		if f := step(); f != nil {
			return z.end(f)
		}
	}
	if z.scripts.fatal != nil {
		return z.end(z.scripts.fatal)
	}
	if z.scripts.exit != nil {
		z.setStatus("TERMINATED", "atexit")
		return *z.scripts.exit
	}
	return z.live()
}

// parse is what Zeek does with -a: layout and scripts are read.
func (z *zeek) parse() *failure {
	z.memory = make([]byte, z.steer.memory<<20)
	for i := 0; i < len(z.memory); i += 4096 {
		z.memory[i] = 1
	}
	time.Sleep(z.steer.parse)
	z.scripts = newScripts(z.prefix)
	if z.node != "" {
		file, found := z.scripts.find("cluster-layout", "")
		if !found {
			return fatal(" in %s/share/zeek/base/frameworks/cluster/__load__.zeek, line 35: can't find cluster-layout", z.prefix)
		}
		layout, err := layoutgen.ReadLayout(file)
		if err != nil {
			return &failure{"error in " + err.Error(), "atexit"}
		}
		z.layout = layout
		z.scripts.node, _ = z.self()
		z.scripts.read(file)
	}
	for _, a := range z.args.assignments {
		name, value, _ := strings.Cut(a, "=")
		defer func() { z.scripts.settings[name] = value }() // they win
	}
	for _, name := range z.args.scripts {
		z.scripts.load(name, "", "")
	}
	runtime.KeepAlive(z.memory)
	switch {
	case z.steer.fatal != "":
		return fatal(" in ./local.zeek, line 3: %s", z.steer.fatal)
	case z.steer.error != "":
		return &failure{"error in ./local.zeek, line 3: " + z.steer.error, "atexit"}
	case z.scripts.broken != nil:
		return z.scripts.broken
	case len(z.scripts.errors) > 0:
		return &failure{strings.Join(z.scripts.errors, "\n"), "atexit"}
	}
	return nil
}

// self is the entry of the layout that is this node's.
func (z *zeek) self() (layoutgen.Node, bool) {
	if z.layout == nil {
		return layoutgen.Node{}, false
	}
	return z.layout.Node(z.node)
}

// serveMetrics binds the port of metrics.
func (z *zeek) serveMetrics() *failure {
	self, _ := z.self()
	if self.MetricsPort == 0 {
		return nil
	}
	address := z.layout.MetricsAddress
	if set, ok := z.scripts.settings["Telemetry::metrics_address"]; ok {
		address = set
	}
	at := net.JoinHostPort(strings.Trim(address, "[]"), strconv.Itoa(self.MetricsPort))
	if err := z.take(at); err != nil {
		return fatal(": Failed to setup Prometheus endpoint: null context when constructing CivetServer. Possible problem binding to port. "+
			"Error: Failed to setup server ports. Attempted to bind to %s.", at)
	}
	return nil
}

// openInterfaces wants every interface to be there.
func (z *zeek) openInterfaces() *failure {
	for _, iface := range z.args.interfaces {
		source, device, prefixed := strings.Cut(iface, "::")
		if !prefixed {
			source, device = "pcap", iface
		}
		if _, err := net.InterfaceByName(device); err == nil || contains(z.steer.interfaces, device) {
			fmt.Fprintf(os.Stderr, "listening on %s\n\n", iface)
			continue
		}
		why := "pcap_error: No such device exists (pcap_activate)"
		if source == "af_packet" {
			why = "unable to get interface information: No such device"
		}
		return fatal(": problem with interface %s (%s)", iface, why)
	}
	return nil
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// checkNode is Cluster's zeek_init.
func (z *zeek) checkNode() *failure {
	if z.node == "" {
		return nil
	}
	if _, ok := z.self(); !ok {
		z.setStatus("TERMINATING", "sig_handler")
		return &failure{fmt.Sprintf("error in %s/share/zeek/base/frameworks/cluster/main.zeek, line 420: '%s' is not a valid node in the Cluster::nodes configuration\n"+
			"fatal error: errors occurred while initializing", z.prefix, z.node), "fatal_error"}
	}
	if !z.scripts.backend {
		return fatal(" in %s/share/zeek/base/frameworks/cluster/main.zeek, line 425: Cluster::node set to '%s', but Cluster::backend is "+
			"Cluster::CLUSTER_BACKEND_NONE - please select a cluster backend to use.", z.prefix, z.node)
	}
	return nil
}

// bind takes the ports of the broker and of a logger.
func (z *zeek) bind() *failure {
	self, ok := z.self()
	if !ok {
		return nil
	}
	main := z.prefix + "/share/zeek/policy/frameworks/cluster/backend/zeromq/main.zeek"
	if self.Type == layoutgen.TypeManager && z.scripts.settings["Cluster::Backend::ZeroMQ::run_proxy_thread"] != "F" {
		for _, s := range []struct{ socket, endpoint string }{{"xpub", layoutgen.DefaultBackend.ListenXPub}, {"xsub", layoutgen.DefaultBackend.ListenXSub}} {
			if set := z.scripts.settings["Cluster::Backend::ZeroMQ::listen_"+s.socket+"_endpoint"]; set != "" {
				s.endpoint = set
			}
			if err := z.take(strings.TrimPrefix(s.endpoint, "tcp://")); err != nil {
				return &failure{fmt.Sprintf("error: ZeroMQ: Failed to bind %s socket %s: %s (%d)\n"+
					"fatal error in %s, line 444: Failed to spawn ZeroMQ proxy thread", s.socket, s.endpoint, number(err), number(err), main), "fatal_error"}
			}
		}
	}
	if z.layout.TakesLogs(self) {
		endpoint := layoutgen.Endpoint(self.Address, self.Port)
		if err := z.take(strings.TrimPrefix(endpoint, "tcp://")); err != nil {
			return &failure{fmt.Sprintf("error: ZeroMQ: Failed to bind pull socket %s: %s\nfatal error in %s, line 448: Failed initialize ZeroMQ backend",
				endpoint, number(err), main), "fatal_error"}
		}
	}
	return nil
}

// take binds a port for as long as this process lives, or, if Options.Join is to
// bind it, looks whether it is free.
func (z *zeek) take(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if z.joins() {
		return l.Close()
	}
	z.ports = append(z.ports, l)
	return nil
}

// number is an error of the system, with libc's text.
type errno syscall.Errno

func (e errno) String() string {
	text := syscall.Errno(e).Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

func number(err error) errno {
	var e syscall.Errno
	errors.As(err, &e)
	return errno(e)
}

func (z *zeek) joins() bool { return z.join != nil && z.steer.join && z.node != "" }
