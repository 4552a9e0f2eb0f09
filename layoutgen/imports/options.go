package imports

import (
	"strings"
)

// Types of ZeekControl's options.
const (
	typeString = iota
	typeInt
	typeBool
)

// option is an option of zeekctl.cfg: its name as the documentation writes it, its
// type, and what becomes of it. Where that is nothing, advice says why, and what to do.
type option struct {
	name   string
	typ    int
	apply  func(*importer, entry)
	advice string
}

// Advice that several options share.
const (
	noWebSocket = "zctl talks to its nodes over the bus and needs no WebSocket server; [websocket] is for other clients"
	noTimeout   = "zctl has --timeout for commands that wait"
	noMail      = "zctl sends no mail; watch zctl status and zctl events (--json), or its metrics"
	noCron      = "zctl needs no cron job: its supervisor starts a dead node at once"
	ownPath     = "zctl has everything below base_dir, and finds Zeek by zeek.path"
	noMachine   = "Zeek has no Time Machine any more; remove it"
	onlyBroker  = "it is of Broker, and clusters over ZeroMQ have no such store"
	noStats     = "zctl keeps no statistics of its own; collect its metrics, or zctl status --json"
)

// optionList is all documented options (spec: zeekctl 2.4), in their order.
var optionList = []option{
	{"ClusterBackend", typeString, (*importer).clusterBackend, ""},
	{"ZeekPort", typeInt, (*importer).later, ""},
	{"MetricsAddress", typeString, (*importer).later, ""},
	{"MetricsPort", typeInt, (*importer).later, ""},
	{"UseWebSocket", typeBool, (*importer).later, ""},
	{"WebSocketHost", typeString, (*importer).later, ""},
	{"WebSocketPort", typeInt, (*importer).later, ""},
	{"WebSocketUrl", typeString, nil, noWebSocket},
	{"WebSocketTimeout", typeInt, nil, noTimeout},
	{"ControlTopic", typeString, nil, "zctl needs no topic of its own on the bus"},
	{"CommTimeout", typeInt, nil, noTimeout},
	{"CommandTimeout", typeInt, nil, noTimeout},
	{"StopTimeout", typeInt, (*importer).stopTimeout, ""},
	{"StopWait", typeBool, nil, "zctl stop returns when the nodes have ended; archiving goes on by itself"},
	{"HaveNFS", typeBool, nil, "zctl copies nothing to other hosts; give each host its own base_dir"},
	{"Debug", typeBool, nil, "zctl events and zctl logs say what happened"},

	{"ZeekArgs", typeString, (*importer).zeekArgs, ""},
	{"Env_Vars", typeString, (*importer).later, ""},
	{"MemLimit", typeString, (*importer).memLimit, ""},
	{"Prefixes", typeString, (*importer).later, ""},
	{"SitePolicyScripts", typeString, (*importer).sitePolicyScripts, ""},
	{"SitePolicyPath", typeString, (*importer).later, ""},
	{"SitePluginPath", typeString, nil, "zctl has no plugins; what a plugin of ZeekControl did becomes a program that calls zctl, or env and args of a section"},
	{"SaveTraces", typeBool, (*importer).saveTraces, ""},
	{"PcapSnaplen", typeInt, redef("Pcap::snaplen"), ""},
	{"PcapBufsize", typeInt, redef("Pcap::bufsize"), ""},
	{"PFRINGClusterID", typeInt, (*importer).later, ""},
	{"PFRINGClusterType", typeString, (*importer).later, ""},
	{"PFRINGFirstAppInstance", typeInt, (*importer).later, ""},
	{"PrivateAddressSpaceIsLocal", typeBool, redefBool("Site::private_address_space_is_local"), ""},
	{"TimeMachineHost", typeString, nil, noMachine},
	{"TimeMachinePort", typeString, nil, noMachine},

	{"LogDir", typeString, nil, "zctl archives to logs/ in base_dir; make that a symbolic link, or base_dir another directory"},
	{"LogRotationInterval", typeInt, (*importer).rotation, ""},
	{"LogExpireInterval", typeString, (*importer).expire, ""},
	{"KeepLogs", typeString, (*importer).keepLogs, ""},
	{"MakeArchiveName", typeString, nil, "zctl names archived logs as ZeekControl does by default; logs.post_process may rename them"},
	{"CompressLogs", typeBool, (*importer).later, ""},
	{"CompressCmd", typeString, (*importer).later, ""},
	{"CompressExtension", typeString, (*importer).later, ""},
	{"CompressLogsInFlight", typeInt, (*importer).inFlight, ""},
	{"FileExtractDir", typeString, (*importer).extractDir, ""},
	{"BrokerDBDir", typeString, nil, onlyBroker},
	{"DefaultStoreDir", typeString, redef("Cluster::default_store_dir"), ""},

	{"SendMail", typeString, redef("Notice::sendmail"), ""},
	{"MailTo", typeString, redef("Notice::mail_dest"), ""},
	{"MailFrom", typeString, redef("Notice::mail_from"), ""},
	{"MailReplyTo", typeString, nil, "only Zeek itself sends mail, from Notice::mail_from; redef Notice::reply_to in local.zeek"},
	{"MailSubjectPrefix", typeString, redef("Notice::mail_subject_prefix"), ""},
	{"MailAlarmsTo", typeString, redef("Notice::mail_dest_pretty_printed"), ""},
	{"MailAlarmsInterval", typeInt, (*importer).alarmsInterval, ""},
	{"MailConnectionSummary", typeBool, nil, "zctl runs no trace-summary; logs.post_process can run it for each archived log"},
	{"MailHostUpDown", typeBool, nil, noMail},
	{"MailArchiveLogFail", typeBool, nil, noMail},
	{"MailReceivingPackets", typeBool, nil, noMail},
	{"MinDiskSpace", typeInt, nil, "logs.max_size bounds what archived logs take; let a monitoring system watch the disk"},
	{"StatsLogEnable", typeBool, nil, noStats},
	{"StatsLogExpireInterval", typeInt, nil, noStats},
	{"CrashExpireInterval", typeInt, nil, "zctl keeps crash bundles by count and age itself; see zctl diag"},
	{"CronCmd", typeString, nil, noCron + "; run the command from a timer of its own"},

	{"StatusCmdShowAll", typeBool, nil, "zctl status always has a column with peers"},
	{"TimeFmt", typeString, nil, "zctl prints how long ago, and --json has times in RFC 3339"},

	{"ZeekBase", typeString, (*importer).later, ""},
	{"Version", typeString, nil, ownPath},
	{"StandAlone", typeString, nil, "it follows from node.cfg"},
	{"OS", typeString, nil, ownPath},
	{"Time", typeString, nil, ownPath},
	{"LogExpireMinutes", typeString, nil, "it follows from LogExpireInterval"},
	{"BinDir", typeString, (*importer).later, ""},
	{"Zeek", typeString, (*importer).later, ""},
	{"ScriptsDir", typeString, nil, ownPath},
	{"PostProcDir", typeString, nil, "logs.post_process is the program that is run for each archived log"},
	{"HelperDir", typeString, nil, ownPath},
	{"CfgDir", typeString, nil, ownPath},
	{"SpoolDir", typeString, nil, "zctl has work directories in spool/ in base_dir"},
	{"PolicyDir", typeString, (*importer).later, ""},
	{"StaticDir", typeString, nil, ownPath},
	{"LibDir", typeString, nil, ownPath},
	{"LibDir64", typeString, nil, ownPath},
	{"LibDirInternal", typeString, nil, ownPath},
	{"TmpDir", typeString, nil, ownPath},
	{"TmpExecDir", typeString, nil, ownPath},
	{"StatsDir", typeString, nil, noStats},
	{"PluginDir", typeString, nil, ownPath},
	{"PluginZeekDir", typeString, nil, "zctl leaves the plugins of Zeek to Zeek; set ZEEK_PLUGIN_PATH in env for others"},
	{"TraceSummary", typeString, nil, "zctl runs no trace-summary; logs.post_process can run it for each archived log"},
	{"CapstatsPath", typeString, nil, "zctl runs no capstats; Zeek's metrics have packets and drops"},
	{"NodeCfg", typeString, nil, "zctl import is told where node.cfg is"},
	{"LocalNetsCfg", typeString, nil, "zctl import is told where networks.cfg is, with --networks"},
	{"StateFile", typeString, nil, ownPath},
	{"LockFile", typeString, nil, ownPath},
	{"DebugLog", typeString, nil, ownPath},
	{"StatsLog", typeString, nil, noStats},
	{"PolicyDirSiteInstall", typeString, nil, "zctl keeps the site's scripts in generations/ in base_dir"},
	{"PolicyDirSiteInstallAuto", typeString, nil, "zctl keeps generated scripts in generations/ in base_dir"},
	{"ZeekCtlConfigDir", typeString, nil, ownPath},
	{"ClusterTopicSeparator", typeString, nil, "it follows from the backend, which is ZeroMQ"},

	{"lb_custom.InterfacePrefix", typeString, (*importer).later, ""},
	{"lb_custom.InterfaceSuffix", typeString, (*importer).later, ""},
	{"zeek_port_warning.disable", typeBool, nil, "zctl does not warn of ports; remove it"},
	{"cluster_backend_zeromq.disable_unencrypted_warning", typeBool, nil, "zctl does not warn: several hosts are encrypted unless broker.curve says otherwise"},
	{"cluster_backend_zeromq.use_curve_encryption", typeString, (*importer).curve, ""},
	{"cluster_backend_zeromq.curve_dir", typeString, nil, "zctl has its keys in curve/ in base_dir; copy the four files there to keep these"},
}

// options is optionList by names in lower case.
var options = map[string]option{}

func init() {
	for _, o := range optionList {
		options[strings.ToLower(o.name)] = o
	}
}
