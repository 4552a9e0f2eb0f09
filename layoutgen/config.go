package layoutgen

import (
	"net/netip"
	"time"
)

// Config is a zctl.toml after defaults were filled in and everything in it was
// checked. Its fields are the reference of the file: the key is the name in the
// tag, the default is the one of the embedded default file ([Default]).
//
// A section that the file leaves out is the embedded default's, and so is each
// key that a section leaves out; therefore
//
//	[workers]
//	count = 2
//
// alone is a whole cluster: a manager, a logger, a proxy and two workers.
type Config struct {
	// File is where the configuration was read, "" for the embedded default.
	File string `toml:"-"`
	// Text is what was read there.
	Text string `toml:"-"`

	// BaseDir is the directory of everything zctl writes: spool/, logs/, run/.
	// A relative path counts from the directory of the file. Default:
	// /var/lib/zctl for root, $XDG_STATE_HOME/zctl (or ~/.local/state/zctl)
	// for others.
	BaseDir string `toml:"base_dir"`

	Cluster  Cluster  `toml:"cluster"`
	Broker   Broker   `toml:"broker"`
	ZeroMQ   ZeroMQ   `toml:"zeromq"`
	Logs     Logs     `toml:"logs"`
	Zeek     Zeek     `toml:"zeek"`
	Archiver Archiver `toml:"archiver"`
	Metrics  Metrics  `toml:"metrics"`
	// WebSocket is served only if the file has the section.
	WebSocket WebSocket `toml:"websocket"`
	// Networks is the section [networks]: the networks that are the site's own
	// (Zeek's Site::local_nets), as CIDR, and what each is called. Default none.
	Networks map[string]string `toml:"networks"`
	Control  Control           `toml:"control"`
	Manager  Manager           `toml:"manager"`
	Loggers  Loggers           `toml:"loggers"`
	Proxies  Proxies           `toml:"proxies"`
	Workers  []Workers         `toml:"workers"`
	// Store is the sections [store.NAME], by name: the data stores of the cluster.
	// Default none.
	Store map[string]Store `toml:"store"`
	// Node is the sections [node.NAME], by name: what single nodes have otherwise
	// than their section says. Default none.
	Node map[string]Override `toml:"node"`

	// Elsewhere says whether an address is of another host, whose nodes then stand in
	// the layout but do not run here. nil is that all run here.
	Elsewhere func(netip.Addr) bool `toml:"-"`

	source *source // for later checks that find something wrong with a value
}

// Cluster is the section [cluster]: what holds for the cluster as a whole.
type Cluster struct {
	// Name is shown by status. Default "zctl".
	Name string `toml:"name"`
	// Engine is what the nodes of sections run that say neither engine nor command:
	// "go" or "zeek". Default "go".
	Engine string `toml:"engine"`
	// Address is the IP address of every node whose section does not say another.
	// Default 127.0.0.1.
	Address string `toml:"address"`
	// Port is the first listening port; the manager, the loggers and the
	// proxies take one each, in this order. Workers do not listen, unless their
	// section says port. Default
	// 27760, Zeek's.
	Port int `toml:"port"`
	// MetricsAddress is the IP address on which nodes serve their metrics.
	// Default 127.0.0.1.
	MetricsAddress string `toml:"metrics_address"`
	// MetricsPort is the first metrics port; every node takes one. 0 turns
	// metrics off. Default 9991, Zeek's.
	MetricsPort int `toml:"metrics_port"`
	// OnSupervisorExit says what becomes of the nodes when the supervisor
	// ends, in whatever way: "keep" leaves them running until the next one
	// adopts them, "kill" stops them. Default "keep".
	OnSupervisorExit string `toml:"on_supervisor_exit"`
	// GiveUpAfter is how many times in a row a node may die before it is
	// left alone in the state failed; 0 means never give up. Default 0.
	GiveUpAfter int `toml:"give_up_after"`
	// KeepGenerations is how many generations of what was deployed are kept, the
	// current one included. Default 10.
	KeepGenerations int `toml:"keep_generations"`
	// KeepCrashes is how many crashes of each node are kept; 0: none. Default 10.
	KeepCrashes int `toml:"keep_crashes"`
	// CrashExpire is how long a crash is kept; 0: for ever. Default 30 days.
	CrashExpire time.Duration `toml:"crash_expire"`
	// DefaultStoreDir is the directory of the files of persistent data stores that have
	// no path of their own. Default: the work directory of the store's master, as Zeek's
	// Cluster::default_store_dir.
	DefaultStoreDir string `toml:"default_store_dir"`
}

// Broker is the section [broker]: who runs the central XPUB/XSUB broker of the
// cluster, and where it listens on the address of the manager.
type Broker struct {
	// Process is who runs the broker: "manager" is the manager, as in Zeek;
	// "own" is a process called broker (zctl broker), so that a manager can be
	// restarted without anybody losing the bus. Only then may the section say
	// anything of Treatment. Default "manager".
	Process string `toml:"process"`
	// XPubPort is the port of the broker's XPUB socket, which nodes connect
	// their XSUB to. Default 5555, Zeek's.
	XPubPort int `toml:"xpub_port"`
	// XSubPort is the port of the broker's XSUB socket, which nodes connect
	// their XPUB to. Default 5556, Zeek's.
	XSubPort int `toml:"xsub_port"`
	// Curve says whether the bus is encrypted, and open only to nodes with the
	// cluster's keys: "on", "off", or "auto", which is on in a cluster with
	// several addresses. Zeek nodes have to be 8.2 or later. Default "auto".
	Curve string `toml:"curve"`
	// Heartbeat is after how much silence Go nodes, and a broker in Go, ask a peer
	// whether it is still there (ZMTP's PING); one that is silent for three times as
	// long is disconnected, and so goes down. 0 is never. Default "0s", as Zeek.
	Heartbeat time.Duration `toml:"heartbeat"`
	Treatment
}

// Metrics is the section [metrics]: what the supervisor serves to Prometheus. What nodes
// serve is said in [cluster].
type Metrics struct {
	// Listen is the IP address and port at which the supervisor says how its nodes are,
	// "127.0.0.1:9990". "" is nowhere. Default "".
	Listen string `toml:"listen"`
	// Nodes says that the nodes' own metrics are to be had there, too: one target for
	// all that runs on the host. Default false.
	Nodes bool `toml:"nodes"`
}

// Archiver is the section [archiver]: how the process is run that archives the logs of
// Zeek loggers. What it does with them stands in [logs]. Go loggers need none.
type Archiver struct {
	Treatment
}

// Treatment holds the keys about how a process is run, whatever it is: those of
// a node, or the broker's.
type Treatment struct {
	// Env is added to the environment of the program. Default none.
	Env map[string]string `toml:"env"`
	// CPUs pins the nodes: a list ("0-3,8", "0-14:2"), "auto", or "none".
	// Of a list each worker takes one CPU, in the order written; a manager,
	// logger or proxy, and the broker, takes it as a set. Default "auto".
	CPUs string `toml:"cpus"`
	// OnShortage says what happens when CPUs do not suffice for one each:
	// "error" refuses, "share" shares them. Default "error" where the section
	// says cpus, "share" where it does not.
	OnShortage string `toml:"on_shortage"`
	// Nice is the nodes' niceness, -20 to 19. Default 0.
	Nice int `toml:"nice"`
	// StopTimeout is how long a node may take to end after SIGTERM before its
	// process group is killed. Default "30s".
	StopTimeout time.Duration `toml:"stop_timeout"`
	Limits
}

// Limits holds the keys about what a process may take, and what it may do.
type Limits struct {
	// MemoryMax is what a node may take of memory; it is killed when it wants
	// more, and swaps nothing. 0 is no limit. Default 0.
	MemoryMax Size `toml:"memory_max"`
	// CPUWeight is a node's share of CPUs for which there is a queue, 1 to 10000,
	// where others have 100. 0 leaves it alone. Default 0.
	CPUWeight int `toml:"cpu_weight"`
	// User is who the nodes run as, by name or number. Default: who runs zctl.
	User string `toml:"user"`
	// Group is the nodes' group, by name or number. Default: that of the user.
	Group string `toml:"group"`
	// Umask is which permissions files that a node makes do not have, in octal,
	// like "0027". Default: that of the supervisor.
	Umask string `toml:"umask"`
	// Core is how large a core file a node may leave: a size, or "unlimited".
	// Default: as it is for the supervisor.
	Core Setting[Bound] `toml:"core"`
	// NoFile is how many files a node may have open. 0 is as many as the
	// supervisor. Default 0.
	NoFile int `toml:"nofile"`
	// Capabilities is what nodes that run as another user than root may do of what
	// only root may, by the names of capabilities(7): "net_raw". Default: net_raw
	// for workers, nothing for the others.
	Capabilities []string `toml:"capabilities"`
}

// Process holds the keys that all four node sections share: what the section's
// nodes run, and how.
type Process struct {
	// Engine is what the node runs: "go" is zctl's own cluster runtime
	// (zctl node), "zeek" is a zeek process. Default cluster.engine, but "go" with
	// a command.
	Engine string `toml:"engine"`
	// Command is a program to run instead of the engine's own. With a slash
	// in it the path counts from the directory of the file, else it is looked
	// for in PATH. It gets CLUSTER_NODE, ZEEKPATH, NOTIFY_SOCKET and (workers)
	// INTERFACE in its environment and the layout in its working directory.
	Command string `toml:"command"`
	// Args are arguments for the program. Default none.
	Args []string `toml:"args"`
	// MetricsPort is the first metrics port of this section's nodes, instead
	// of the next one after cluster.metrics_port.
	MetricsPort int `toml:"metrics_port"`
	// Address is the IP address of the section's nodes, instead of cluster.address.
	// Nodes of another host stand in the layout, and run when zctl runs there.
	Address string `toml:"address"`
	// ReadyAfter is how long a node that does not speak the systemd notify
	// protocol must stay up to count as ready. Default "1s".
	ReadyAfter time.Duration `toml:"ready_after"`
	Treatment
}

// Control is the section [control].
type Control struct {
	// Port is the port of the entry "control" in the layout file, which ZeekControl
	// writes for its own client (spec: zeekctl 3.2) and which nothing runs. 0 is no
	// such entry. Default 0.
	Port int `toml:"port"`
}

// Manager is the section [manager]. A cluster has exactly one.
type Manager struct {
	// Name is what the manager is called. Default "manager".
	Name string `toml:"name"`
	// Port is the first listening port of the section, instead of the next one
	// after cluster.port.
	Port int `toml:"port"`
	Process
}

// Loggers is the section [loggers].
type Loggers struct {
	// Count is the number of loggers. With 0 the manager is the logger.
	// Default 1.
	Count int `toml:"count"`
	// Names is what the loggers are called, instead of by number; there are as many.
	// Default none.
	Names []string `toml:"names"`
	// Port is the first listening port of the section, instead of the next one
	// after cluster.port.
	Port int `toml:"port"`
	// Memory is what a logger in Go needs at most: when it holds about that much it
	// takes no more, and who sends logs has to wait. Default "128MiB".
	Memory Size `toml:"memory"`
	Process
}

// Proxies is the section [proxies].
type Proxies struct {
	// Count is the number of proxies. Default 1.
	Count int `toml:"count"`
	// Names is what the proxies are called, instead of by number; there are as many.
	// Default none.
	Names []string `toml:"names"`
	// Port is the first listening port of the section, instead of the next one
	// after cluster.port.
	Port int `toml:"port"`
	Process
}

// Workers is the section [workers], or one of several [[workers]], one for
// each interface.
type Workers struct {
	// Name names one of several [[workers]]: "dmz" gives worker-dmz-1,
	// worker-dmz-2. Default: its number, which gives worker-1-1, worker-1-2,
	// worker-2-1; and worker-1, worker-2 where there is only one section.
	Name string `toml:"name"`
	// Count is the number of workers. Default 2.
	Count int `toml:"count"`
	// Names is what the workers are called, instead of by number; there are as many.
	// Default none.
	Names []string `toml:"names"`
	// Interface is the network interface the workers read, with a packet
	// source prefix if need be ("af_packet::eth0"); with "" they read nothing.
	// Default "lo".
	Interface string `toml:"interface"`
	// Port is the first port of the section in the layout file. Nothing listens
	// there with ZeroMQ, but scripts that were written for ZeekControl may look.
	// Default 0, none.
	Port int `toml:"port"`
	Process
}

// Values of Broker.Process, Broker.Curve, Process.Engine, Treatment.CPUs,
// Treatment.OnShortage and Cluster.OnSupervisorExit.
const (
	BrokerManager = "manager"
	BrokerOwn     = "own"

	EngineGo   = "go"
	EngineZeek = "zeek"

	CPUsAuto = "auto"
	CPUsNone = "none"

	ShortageError = "error"
	ShortageShare = "share"

	CurveAuto = "auto"
	CurveOn   = "on"
	CurveOff  = "off"

	ExitKeep = "keep"
	ExitKill = "kill"
)
