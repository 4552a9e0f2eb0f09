package imports

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, want string
		dollar     bool
		broken     bool
	}{
		{text: "", want: ""},
		{text: "  a  b\tc ", want: "a|b|c"},
		{text: `'a b' "c \"d\" \x" e\ f`, want: `a b|c "d" \x|e f`},
		{text: `a''b ""`, want: "ab|"},
		{text: `$HOME '$HOME' \$HOME`, want: "$HOME|$HOME|$HOME", dollar: true},
		{text: "`date`", want: "`date`", dollar: true},
		{text: `'$X' "\$Y"`, want: "$X|$Y"},
		{text: `"open`, want: "open", broken: true},
		{text: `a\`, want: `a\`},
	}
	for _, test := range tests {
		got, dollar, err := words(test.text)
		if strings.Join(got, "|") != test.want || dollar != test.dollar || (err != nil) != test.broken {
			t.Errorf("words(%q) is %q, %v, %v", test.text, got, dollar, err)
		}
	}
}

// TestUnquote: what a shell makes of the values of env_vars (spec: zeekctl 7.1 22).
func TestUnquote(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, want string
		dollar     bool
	}{
		{"1 2", "1 2", false},
		{`"a  b" c`, "a  b c", false},
		{"'$PATH'", "$PATH", false},
		{"$PATH", "$PATH", true},
		{`"x$PATH"`, "x$PATH", true},
		{"a;b", "a;b", false},
		{`it\'s`, "it's", false},
		{"", "", false},
		{`""`, "", false},
	}
	for _, test := range tests {
		got, dollar, err := unquote(test.text)
		if got != test.want || dollar != test.dollar || err != nil {
			t.Errorf("unquote(%q) is %q, %v, %v", test.text, got, dollar, err)
		}
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"", ""},
		{"# nothing\n", ""},
		{"x = y\n", ""},
		{"[zeek]\ninterface=eth0\ntype=standalone\n", KindNodeCfg},
		{"type=standalone\nhost=localhost\n", KindNodeCfg},
		{"[x]\nhost=localhost\n", KindNodeCfg},
		{"[zeek]\nAF_Packet.Fanout_ID=1\n", KindNodeCfg},
		{"interface = eth0\n", KindZeekConf},
		{"[zeek]\nmanager = 1\n", KindZeekConf},
		{"[interface dmz]\n", KindZeekConf},
		{"# type=x\nWorkers = 3\n", KindZeekConf},
	}
	for _, test := range tests {
		if got := Kind(test.text); got != test.want {
			t.Errorf("Kind(%q) is %q, want %q", test.text, got, test.want)
		}
	}
	for _, r := range recordings(t) {
		if got := Kind(r.Cfg); got != KindNodeCfg {
			t.Errorf("Kind of %s is %q", r.Name, got)
		}
	}
}

func TestExpire(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"0": "", "0 day": "", "30": `"30d"`, "30 day": `"30d"`, "2 days": `"2d"`, "12hr": `"12h"`, "12 hrs": `"12h"`, "90 min": `"90m"`, "90mins": `"90m"`,
	} {
		text := importOption(t, "LogExpireInterval = "+value)
		_, after, _ := strings.Cut(text, "expire_after = ")
		if got, _, _ := strings.Cut(after, "\n"); got != want {
			t.Errorf("%s: expire_after is %s, want %s", value, got, want)
		}
	}
}

// importOption imports a standalone node with a line of zeekctl.cfg.
func importOption(t *testing.T, line string) string {
	t.Helper()
	result, err := NodeCfg(Source{"node.cfg", "[zeek]\ntype=standalone\nhost=localhost\ninterface=eth0\n"},
		Options{ZeekctlCfg: &Source{"zeekctl.cfg", line + "\n"}})
	if err != nil {
		t.Errorf("%s: %v", line, err)
	}
	return result.Text
}

// TestNothingIsLost: each option of ZeekControl changes the text that comes out, by a key or
// a comment, unless its value is what zctl does anyway.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	values := map[string]string{ // that are no default, and fit
		"ClusterBackend": "Broker", "LogExpireInterval": "3 day", "MemLimit": "2000000", "Env_Vars": "A=1", "CompressLogs": "0",
		"CompressCmd": "xz", "CompressExtension": "xz", "MetricsAddress": "127.0.0.1", "Prefixes": "a:b", "LogRotationInterval": "1800",
		"PFRINGClusterType": "2-tuple", "cluster_backend_zeromq.use_curve_encryption": "1", "PrivateAddressSpaceIsLocal": "0",
		"KeepLogs": "conn*", "FileExtractDir": "/x", "WebSocketHost": "10.0.0.1",
	}
	elsewhere := strings.Fields("PFRINGClusterID PFRINGClusterType PFRINGFirstAppInstance lb_custom.InterfacePrefix lb_custom.InterfaceSuffix")
	plain := importOption(t, "")
	for _, o := range optionList {
		value, said := values[o.name]
		switch {
		case said:
		case o.typ == typeString:
			value = "/x/y"
		default:
			value = "1"
		}
		if slices.Contains(elsewhere, o.name) { // of workers with load balancing; in testdata
			continue
		}
		if text := importOption(t, o.name+" = "+value); text == plain {
			t.Errorf("%s = %s is lost", o.name, value)
		}
	}
}

// TestMigrate: docs/migrate.md has a row for every key of node.cfg, zeekctl.cfg and
// zeek.conf, and the table of options is that of the specification.
func TestMigrate(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/migrate.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := ""
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| `") {
			cells := strings.Split(line, " | ")
			if len(cells) < 2 || strings.TrimSpace(cells[1]) == "" {
				t.Errorf("a row without an answer: %s", line)
			}
			rows += cells[0] + "\n"
		}
	}
	var want []string
	for _, o := range optionList {
		want = append(want, o.name)
	}
	want = append(want, usedKeys...)
	want = append(want, idleKeys...)
	for _, key := range packetKeys {
		want = append(want, "af_packet_"+key)
	}
	for key := range confKeys {
		want = append(want, key)
	}
	want = append(want, specOptions...)
	for _, key := range want {
		if !strings.Contains(rows, "`"+key+"`") {
			t.Errorf("no row for %s", key)
		}
	}
	for _, name := range specOptions {
		if _, known := options[strings.ToLower(name)]; !known {
			t.Errorf("option %s is not in the table", name)
		}
	}
	if len(specOptions) != len(optionList) {
		t.Errorf("%d options, want %d", len(optionList), len(specOptions))
	}
}

// specOptions is all options of zeekctl.cfg (spec: zeekctl 2.4).
var specOptions = strings.Fields(`ClusterBackend ZeekPort MetricsAddress MetricsPort
	UseWebSocket WebSocketHost WebSocketPort WebSocketUrl WebSocketTimeout ControlTopic CommTimeout CommandTimeout
	StopTimeout StopWait HaveNFS Debug
	ZeekArgs Env_Vars MemLimit Prefixes SitePolicyScripts SitePolicyPath SitePluginPath SaveTraces PcapSnaplen PcapBufsize
	PFRINGClusterID PFRINGClusterType PFRINGFirstAppInstance PrivateAddressSpaceIsLocal TimeMachineHost TimeMachinePort
	LogDir LogRotationInterval LogExpireInterval KeepLogs MakeArchiveName CompressLogs CompressCmd CompressExtension
	CompressLogsInFlight FileExtractDir BrokerDBDir DefaultStoreDir
	SendMail MailTo MailFrom MailReplyTo MailSubjectPrefix MailAlarmsTo MailAlarmsInterval
	MailConnectionSummary MailHostUpDown MailArchiveLogFail MailReceivingPackets
	MinDiskSpace StatsLogEnable StatsLogExpireInterval CrashExpireInterval CronCmd StatusCmdShowAll TimeFmt
	ZeekBase Version StandAlone OS Time LogExpireMinutes BinDir Zeek ScriptsDir PostProcDir HelperDir CfgDir SpoolDir
	PolicyDir StaticDir LibDir LibDir64 LibDirInternal TmpDir TmpExecDir StatsDir PluginDir PluginZeekDir TraceSummary
	CapstatsPath NodeCfg LocalNetsCfg StateFile LockFile DebugLog StatsLog PolicyDirSiteInstall PolicyDirSiteInstallAuto
	ZeekCtlConfigDir ClusterTopicSeparator
	lb_custom.InterfacePrefix lb_custom.InterfaceSuffix zeek_port_warning.disable
	cluster_backend_zeromq.disable_unencrypted_warning cluster_backend_zeromq.use_curve_encryption cluster_backend_zeromq.curve_dir`)
