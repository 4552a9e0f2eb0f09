package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/layoutgen/lazyregexp"
	"zctl/nodes"
	"zctl/supervisor"
)

// The flags of zctl node with which a logger is told how to write logs: one for each
// key of [logs], "--log-rotation-interval 1h" for rotation_interval, and those below.
const (
	logFlagPrefix = "log-"
	archiveFlag   = "log-archive"
	memoryFlag    = "log-memory"
)

// logUsage is what the flag of each key is for.
var logUsage = map[string]string{
	"format":                    "write logs as `FORMAT`: tsv, json or both",
	"streams":                   "write one log as another format, as `LOG=FORMAT`; may be repeated, as all that follow with a PATTERN",
	"include":                   "write only logs whose names match `PATTERN`",
	"exclude":                   "write no logs whose names match `PATTERN`",
	"flush_interval":            "write what has waited for `TIME`",
	"json_timestamps":           "write times in JSON as `FORM`: JSON::TS_EPOCH, JSON::TS_MILLIS, JSON::TS_MILLIS_UNSIGNED or JSON::TS_ISO8601",
	"json_include_unset_fields": "whether JSON has fields that are not set, `true or false`",
	"separator":                 "`TEXT` between fields",
	"set_separator":             "`TEXT` between elements",
	"empty_field":               "`TEXT` for what is empty",
	"unset_field":               "`TEXT` for what is not set",
	"include_meta":              "whether TSV has header and footer, `true or false`",
	"meta_prefix":               "`TEXT` that begins those",
	"enable_utf_8":              "whether UTF-8 in TSV stays as it is, `true or false`",
	"rotation_interval":         "archive logs every `TIME`; 0s is never",
	"rotation_size":             "archive logs of that `SIZE`, like 1GiB; 0 is any",
	"compression":               "compress archived logs with `METHOD`: gzip, zstd or none",
	"expire_after":              "delete archived logs that are older than `TIME`, like 30d",
	"max_size":                  "delete the oldest archived logs when all exceed `SIZE`",
	"keep":                      "never delete archived logs whose names match `PATTERN`",
	"post_process":              "run a program for each archived log: its name, and once more this flag for each `ARGUMENT`",
}

// logFlags are the flags themselves.
func logFlags() []cli.Flag {
	flags := []cli.Flag{
		&cli.StringFlag{Name: archiveFlag, Usage: "archive logs in `DIR`, as told by the flags below or by zctl logs rotate; default: logs, if a flag says when"},
		&cli.StringFlag{Name: memoryFlag, Usage: "take no more logs when the process needs about `SIZE`, like 64MiB; default 128MiB"},
	}
	for _, key := range layoutgen.LogKeys() {
		flags = append(flags, &cli.GenericFlag{Name: logFlagName(key), Usage: logUsage[key], Value: &logValues{}})
	}
	return flags
}

func logFlagName(key string) string { return logFlagPrefix + strings.ReplaceAll(key, "_", "-") }

// logValues is what a flag was given, all of it.
type logValues []string

func (v *logValues) Set(text string) error { *v = append(*v, text); return nil }
func (v *logValues) String() string        { return strings.Join(*v, " ") }

// useLogFlags makes the options of a node what the flags say.
func useLogFlags(c *cli.Context, o *nodes.Options) error {
	logs := layoutgen.LogsByHand()
	for _, key := range layoutgen.LogKeys() {
		name := logFlagName(key)
		values, _ := c.Generic(name).(*logValues)
		if values == nil {
			continue
		}
		for _, text := range *values {
			if err := logs.Set(key, text); err != nil {
				return usagef("zctl %s: --%s cannot be %q: %w", c.Command.Name, name, text, err)
			}
		}
	}
	if err := logs.Check(); err != nil {
		return usagef("zctl %s: %s", c.Command.Name, flagNames().ReplaceAllStringFunc(err.Error(), func(key string) string {
			return "--" + logFlagName(strings.TrimPrefix(key, "logs."))
		}))
	}
	memory := layoutgen.Default().Loggers.Memory
	if text := c.String(memoryFlag); text != "" {
		var err error
		if memory, err = layoutgen.ParseSize(text); err != nil || memory <= 0 {
			return usagef("zctl node: --%s is %q; give a size, like 128MiB", memoryFlag, text)
		}
	}
	dir := c.String(archiveFlag)
	if dir == "" && logs.Rotates() {
		dir = "logs"
	}
	o.UseLogs(logs, dir)
	o.UseMemory(int64(memory))
	return nil
}

// flagNames are keys in messages about them.
var flagNames = lazyregexp.New(`\blogs\.[a-z_0-9]+`)

// logFlagsSet says which of the flags were used.
func logFlagsSet(c *cli.Context) string {
	for _, name := range c.LocalFlagNames() {
		if strings.HasPrefix(name, logFlagPrefix) {
			return name
		}
	}
	return ""
}

// withLogs is the command line of a node with what [logs] says, if it is a logger of
// ours. What the configuration gives the node itself comes behind it.
func withLogs(argv []string, node layoutgen.Node, layout *layoutgen.Layout, config *layoutgen.Config) []string {
	p := node.Process
	if !layout.TakesLogs(node) || p.Engine != layoutgen.EngineGo || p.Command != "" {
		return argv
	}
	flags := []string{"--" + archiveFlag + "=" + supervisor.Dirs(config.BaseDir).Logs()}
	if memory := config.Loggers.Memory; memory != layoutgen.Default().Loggers.Memory {
		flags = append(flags, "--"+memoryFlag+"="+memory.String())
	}
	for _, arg := range config.Logs.Args() {
		flags = append(flags, "--"+logFlagName(arg.Key)+"="+arg.Value)
	}
	return slices.Insert(slices.Clone(argv), 2, flags...)
}

// logWarnings says of [logs] what no logger is going to read.
func logWarnings(config *layoutgen.Config) []string {
	if !config.Has("logs") {
		return nil
	}
	layout := config.Layout()
	var all []string
	for _, node := range layout.Nodes {
		p := node.Process
		switch {
		case !layout.TakesLogs(node):
		case p.Engine == layoutgen.EngineZeek:
			if keys := notOfZeek(config); len(keys) > 0 {
				all = append(all, fmt.Sprintf("warning: %s of [logs] is not for %s, which is a Zeek logger; its scripts can say such things", strings.Join(keys, ", "), node.Name))
			}
		case p.Command != "":
			all = append(all, fmt.Sprintf("warning: [logs] is not for %s, which is not a logger of zctl's but runs %s", node.Name, p.Command))
		}
	}
	return all
}

// notOfZeek is the keys of [logs] in the file that a Zeek logger cannot be told.
func notOfZeek(config *layoutgen.Config) []string {
	var all []string
	for _, key := range []string{"streams", "include", "exclude", "flush_interval", "rotation_size"} {
		if config.Has("logs." + key) {
			all = append(all, key)
		}
	}
	if config.Logs.Format == "both" {
		all = append(all, `format = "both"`)
	}
	return all
}
