package main

import (
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/layoutgen/zeek"
	"zctl/nodes"
	"zctl/supervisor"
)

var archiverCommand = &cli.Command{
	Name:      "archiver",
	Usage:     "archive the logs that Zeek loggers have rotated",
	ArgsUsage: "QUEUE…",
	Description: `Takes the logs that Zeek loggers put into their directories QUEUE when they rotate
them, compresses them into the directory of their day, and deletes old ones. The
supervisor runs it where a logger is a zeek process; by hand it is of use for one
that zctl does not run (redef Log::default_rotation_dir, and no post-processor).
Ends on TERM or INT, when it has archived what is there.

Examples:
  zctl archiver --log-archive /var/logs /opt/zeek/spool/logger-1/log-queue
  zctl archiver --log-archive /var/logs --log-expire-after 30d spool/*/log-queue` + exitCodesHelp,
	Flags: archiverFlags(),
	Action: func(c *cli.Context) error {
		if !c.Args().Present() {
			return usagef("zctl archiver needs the directories where rotated logs are put")
		}
		var o nodes.Options
		if err := useLogFlags(c, &o); err != nil {
			return err
		}
		if o.Archive == nil {
			return usagef("zctl archiver needs --%s, which says where logs go", archiveFlag)
		}
		ctx, stop := signal.NotifyContext(c.Context, syscall.SIGTERM, syscall.SIGINT)
		defer stop()
		return nodes.RunArchiver(ctx, nodes.ArchiverOptions{
			Archive: *o.Archive, Queues: c.Args().Slice(), Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		})
	},
}

// archiverKeys is the keys of [logs] that say what becomes of rotated logs.
var archiverKeys = []string{"compression", "expire_after", "max_size", "keep", "post_process"}

func archiverFlags() []cli.Flag {
	flags := []cli.Flag{&cli.StringFlag{Name: archiveFlag, Usage: "archive logs in `DIR`"}}
	for _, key := range archiverKeys {
		flags = append(flags, &cli.GenericFlag{Name: logFlagName(key), Usage: logUsage[key], Value: &logValues{}})
	}
	return flags
}

// archiverArgs is how the archiver of a cluster is started.
func archiverArgs(config *layoutgen.Config, layout *layoutgen.Layout) []string {
	dirs := supervisor.Dirs(config.BaseDir)
	args := []string{"archiver", "--" + archiveFlag + "=" + dirs.Logs()}
	for _, arg := range config.Logs.Args() {
		if slices.Contains(archiverKeys, arg.Key) {
			args = append(args, "--"+logFlagName(arg.Key)+"="+arg.Value)
		}
	}
	for _, node := range zeek.Loggers(layout) {
		args = append(args, filepath.Join(dirs.Node(node.Name), zeek.QueueDir))
	}
	return args
}
