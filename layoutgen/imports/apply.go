package imports

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// importer makes a zctl.toml of ZeekControl's files.
type importer struct {
	*problems
	doc   *document
	opts  Options
	cfg   *section          // zeekctl.cfg, empty without
	all   []setting         // keys that every section gets
	env   map[string]string // variables that all nodes get
	own   []*table          // [node.NAME]
	taken map[cpuOf]int     // by how many workers a CPU is

}

// note is about a key that has no counterpart, or not quite.
func (im *importer) note(at place, what, advice string, args ...any) {
	im.doc.notes = append(im.doc.notes, note{at, what, fmt.Sprintf(advice, args...)})
}

func (e entry) text() string { return e.key + " = " + e.value }

// everywhere gives a key to all sections.
func (im *importer) everywhere(origin place, key string, value any) {
	im.all = append(im.all, setting{key: key, value: value, origin: origin})
}

// applyOptions carries zeekctl.cfg over.
func (im *importer) applyOptions() {
	for _, e := range im.cfg.last() {
		switch o, known := options[e.key]; {
		case e.key == "broport": // reported
		case !known:
			im.note(e.place, e.text(), "ZeekControl itself has no such option; maybe it is of a plugin, or misspelt")
		case o.apply != nil:
			e.key = o.name
			o.apply(im, e)
		default:
			e.key = o.name
			im.note(e.place, e.text(), "%s", o.advice)
		}
	}
	im.compression()
	im.environment()
	im.webSocket()
}

// later is for options that are looked at where they are needed.
func (im *importer) later(entry) {}

// option is the value of an option that is not left empty, or that default.
func (im *importer) option(name, otherwise string) string {
	if v := im.cfg.value(strings.ToLower(name)); v != "" {
		return v
	}
	return otherwise
}

// number is the value of a whole number.
func (im *importer) number(name string, otherwise int) int {
	n, err := strconv.Atoi(im.cfg.value(strings.ToLower(name)))
	if err != nil {
		return otherwise // a wrong one is reported
	}
	return n
}

func (im *importer) where(name string) place {
	e, _ := im.cfg.get(strings.ToLower(name))
	return e.place
}

// args appends arguments of all Zeek nodes. They are no templates.
func (im *importer) args(origin place, args ...string) {
	for i := range args {
		args[i] = escape(args[i])
	}
	im.doc.table("zeek").set(origin, "args", args)
}

// escape protects what would be a variable to zctl.
func escape(text string) string { return strings.ReplaceAll(text, "${", `\${`) }

func redef(name string) func(*importer, entry) {
	return func(im *importer, e entry) {
		im.args(e.place, name+"="+e.value)
	}
}

func redefBool(name string) func(*importer, entry) {
	return func(im *importer, e entry) {
		if !e.yes() {
			im.args(e.place, name+"=F")
		}
	}
}

func (im *importer) clusterBackend(e entry) {
	switch strings.ToLower(e.value) {
	case "zeromq":
	case "broker":
		im.note(e.place, e.text(), "zctl's clusters use ZeroMQ: scripts that call functions of Broker have to change; the broker gets ports of its own, [broker]")
	default:
		im.add(e.place, "ClusterBackend is %q; give ZeroMQ, which is what zctl's clusters use", e.value)
	}
}

func (im *importer) stopTimeout(e entry) {
	im.everywhere(e.place, "stop_timeout", e.value+"s")
}

func (im *importer) memLimit(e entry) {
	if e.value == "" || e.value == "unlimited" {
		return
	}
	if _, err := strconv.ParseUint(e.value, 10, 40); err != nil {
		im.add(e.place, "MemLimit is %q; give unlimited, or a whole number of kB", e.value)
		return
	}
	im.everywhere(e.place, "memory_max", e.value+"KiB")
	im.note(e.place, e.text(), "it was of address space, and malloc failed beyond it; memory_max is of memory that is used, and who wants more is killed")
}

func (im *importer) zeekArgs(e entry) {
	all, dollar, err := words(e.value)
	if err != nil {
		im.add(e.place, "ZeekArgs: %v", err)
		return
	}
	if dollar {
		im.note(e.place, e.text(), "a shell replaced $NAME and commands in it; zctl does not: write out what they stand for in zeek.args")
	}
	if len(all) > 0 {
		im.args(e.place, all...)
	}
}

func (im *importer) sitePolicyScripts(e entry) {
	scripts := strings.Fields(e.value)
	for i := range scripts {
		scripts[i] = escape(scripts[i])
	}
	im.doc.table("zeek").set(e.place, "scripts", scripts)
}

func (im *importer) saveTraces(e entry) {
	if e.yes() {
		im.doc.table("zeek").set(e.place, "worker_args", []string{"-w", "trace.pcap"})
	}
}

func (im *importer) rotation(e entry) {
	im.doc.table("logs").set(e.place, "rotation_interval", e.value+"s")
}

// expire reads LogExpireInterval: N day, N hr, N min, or a number of days.
func (im *importer) expire(e entry) {
	fields := strings.Fields(e.value)
	if len(fields) == 1 {
		number := strings.TrimRight(fields[0], "adehimnrsy")
		fields = []string{number, fields[0][len(number):]}
	}
	unit := map[string]string{"": "d", "day": "d", "hr": "h", "min": "m"}
	if len(fields) == 2 {
		n, err := strconv.ParseUint(fields[0], 10, 32)
		if u, known := unit[strings.TrimSuffix(fields[1], "s")]; known && err == nil {
			if n > 0 {
				im.doc.table("logs").set(e.place, "expire_after", strconv.FormatUint(n, 10)+u)
			}
			return
		}
	}
	im.add(e.place, "LogExpireInterval is %q; give a number and day, hr or min, like 30 day", e.value)
}

func (im *importer) keepLogs(e entry) {
	var names []string
	for _, glob := range strings.Fields(e.value) {
		name, rest, _ := strings.Cut(glob, ".")
		names = append(names, name)
		if rest != "" && rest != "*" {
			im.note(e.place, e.text(), "logs.keep goes by the name of the log alone: all that are called %s are kept", name)
		}
	}
	if len(names) > 0 {
		im.doc.table("logs").set(e.place, "keep", names)
	}
}

// compression is of archived logs.
func (im *importer) compression() {
	logs, _ := im.cfg.get("compresslogs")
	cmd, says := im.cfg.get("compresscmd")
	ext, _ := im.cfg.get("compressextension")
	program, _, _ := strings.Cut(cmd.value, " ")
	switch program = path.Base(program); {
	case logs.value != "" && !logs.yes():
		im.doc.table("logs").set(logs.place, "compression", "none")
	case says && program == "zstd":
		im.doc.table("logs").set(cmd.place, "compression", "zstd")
	case says && program != "gzip" && program != "pigz" && program != ".":
		im.note(cmd.place, "CompressCmd = "+cmd.value, "zctl compresses itself, by logs.compression: gzip, which it does now, zstd or none")
	}
	if strings.Contains(cmd.value, " ") {
		im.note(cmd.place, "CompressCmd = "+cmd.value, "zctl compresses itself and takes no arguments for it")
	}
	if e := strings.TrimPrefix(ext.value, "."); e != "" && e != "gz" && e != "zst" {
		im.note(ext.place, "CompressExtension = "+ext.value, "zctl's archived logs end in .gz or .zst")
	}
}

func (im *importer) inFlight(e entry) {
	if level, _ := strconv.Atoi(e.value); level > 0 {
		im.args(e.place, "LogAscii::gzip_level="+e.value, "LogAscii::gzip_file_extension="+strings.TrimPrefix(im.option("CompressExtension", "gz"), "."))
	}
}

func (im *importer) extractDir(e entry) {
	if e.value != "" {
		im.doc.table("zeek").set(e.place, "args", []string{"FileExtract::prefix=" + escape(e.value) + "/${node}"})
	}
}

func (im *importer) alarmsInterval(e entry) {
	im.args(e.place, "Log::default_mail_alarms_interval="+e.value+"secs")
}

func (im *importer) curve(e entry) {
	value := map[string]string{"auto": "auto", "0": "off", "false": "off", "1": "on", "true": "on"}[strings.ToLower(e.value)]
	if value == "" {
		im.add(e.place, "%s is %q; give auto, 0, 1, true or false", e.key, e.value)
		return
	}
	im.doc.table("broker").set(e.place, "curve", value)
}
