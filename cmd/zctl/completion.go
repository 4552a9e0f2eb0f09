package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/supervisor"
	"zctl/supervisor/generation"
)

const completionName = "completion"

var completionCommand = &cli.Command{
	Name:      completionName,
	Usage:     "print a completion script for a shell",
	ArgsUsage: "bash|zsh|fish",
	Description: `Prints a script that completes verbs, flags and the names of nodes.

Examples:
  source <(zctl completion bash)
  zctl completion zsh > "${fpath[1]}/_zctl"
  zctl completion fish > ~/.config/fish/completions/zctl.fish` + exitCodesHelp,
	Action: func(c *cli.Context) error {
		script, known := completionScripts[c.Args().First()]
		if c.NArg() != 1 || !known {
			return usagef("zctl completion takes the name of a shell: bash, zsh or fish")
		}
		_, err := fmt.Fprint(c.App.Writer, script)
		return err
	},
}

// completionScripts ask completeCommand, and have no idea of their own of what
// zctl understands. Only fish has to be told which flags take files, as it
// completes --flag=value by itself.
var completionScripts = map[string]string{
	"bash": `# bash completion for zctl; source it
_zctl() {
	local word description
	COMPREPLY=()
	while read -r word description; do
		case $word in
		:files) compopt -o default ;;
		:directories) compopt -o dirnames ;;
		"$2"*) COMPREPLY+=("$word") ;;
		esac
	done < <(zctl __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _zctl zctl
`,
	"zsh": `#compdef zctl
# zsh completion for zctl
local -a answer
answer=(${(f)"$(zctl __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)"})
case $answer[1] in
:files) compset -P '*='; _files ;;
:directories) compset -P '*='; _files -/ ;;
*) answer=("${(@)answer/$'\t'/:}"); _describe zctl answer ;;
esac
`,
	"fish": `# fish completion for zctl
complete -c zctl -f -a '(zctl __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
complete -c zctl -s c -l config -rF -d 'configuration file'
complete -c zctl -l layout -rF -d 'cluster-layout.zeek'
complete -c zctl -l base-dir -x -d 'base directory' -a '(__fish_complete_directories (string replace -- --base-dir= "" (commandline -ct)))'
complete -c zctl -n '__fish_seen_subcommand_from keys' -l dir -x -a '(__fish_complete_directories (string replace -- --dir= "" (commandline -ct)))'
`,
}

// completeCommand answers the completion scripts. Its arguments are the words
// typed after "zctl", the last of them unfinished. It prints what could stand
// there instead, a line each: a word, and maybe a tab and what it means; or
// :files or :directories. The shells drop the words that do not fit.
var completeCommand = &cli.Command{
	Name:   "__complete",
	Hidden: true,
	Action: func(c *cli.Context) error {
		for _, line := range candidates(c) {
			fmt.Fprintln(c.App.Writer, line)
		}
		return nil
	},
}

func candidates(c *cli.Context) []string {
	words := c.Args().Slice()
	if len(words) == 0 {
		return nil
	}
	last := words[len(words)-1]
	t := typedSoFar(c.App, words[:len(words)-1])
	name, _, assigned := cutFlag(last)
	switch {
	case t.command.Name == hrwName && t.flag == "nodes":
		return nodeNames(c, t)
	case t.flag != "":
		return valuesOf(t.flag)
	case assigned:
		return valuesOf(name)
	case strings.HasPrefix(last, "-"):
		return flagsOf(t.command)
	case t.command.Name == "", t.command.Name == "help" && t.args == 0:
		return verbsOf(c.App.VisibleCommands())
	case t.command.Name == completionName && t.args == 0:
		return []string{"bash", "zsh", "fish"}
	case t.command.Name == keysName && t.args == 0:
		return []string{"generate"}
	case t.command.Name == logsCommand.Name && t.args == 0:
		return append(verbsOf(t.command.Subcommands), nodeNames(c, t)...)
	case t.command.Name == logsArchiveCommand.Name && t.args == 0:
		return []string{"ls"}
	case t.command.Name == storeCommand.Name && t.args == 0:
		return verbsOf(t.command.Subcommands)
	case t.args == 0 && t.command != storeLsCommand && slices.Contains(storeCommand.Subcommands, t.command):
		return storeNames(c, t)
	case slices.Contains([]string{"tap", "publish"}, t.command.Name) && t.args == 0:
		return topics(c, t)
	case t.command.Name == rollbackCommand.Name && t.args == 0, t.command.Name == diffCommand.Name && t.args < 2:
		return generations(c, t)
	case slices.Contains([]string{"status", "start", "stop", "restart", "netstats", "peerstatus"}, t.command.Name), t.command.Name == "print" && t.args > 0:
		return append([]string{"all", "loggers", "proxies", "workers"}, nodeNames(c, t)...)
	}
	return flagsOf(t.command)
}

// typed is what the finished words of a command line say.
type typed struct {
	command *cli.Command      // the verb; without a name before there is one
	args    int               // how many the verb has
	values  map[string]string // of flags
	flag    string            // the one whose value comes next
}

func typedSoFar(app *cli.App, words []string) typed {
	t := typed{command: &cli.Command{Flags: app.Flags}, values: map[string]string{}}
	for _, word := range words {
		name, value, assigned := cutFlag(word)
		switch {
		case t.flag != "" && word == "=": // bash makes three words of --flag=value
		case t.flag != "":
			t.values[t.flag], t.flag = word, ""
		case assigned:
			t.values[name] = value
		case strings.HasPrefix(word, "-"):
			if takesValue(t.command, word) {
				t.flag = name
			}
		case t.command.Name == "":
			t.command = cmp.Or(app.Command(word), &cli.Command{Name: word})
		case t.args == 0 && subcommand(t.command, word) != nil:
			t.command = subcommand(t.command, word)
		default:
			t.args++
		}
	}
	return t
}

// cutFlag splits --name=value; assigned is whether there is a value.
func cutFlag(word string) (name, value string, assigned bool) {
	name, value, assigned = strings.Cut(strings.TrimLeft(word, "-"), "=")
	return name, value, assigned && strings.HasPrefix(word, "-")
}

// valuesOf is what a flag may be set to.
func valuesOf(flag string) []string {
	switch flag {
	case "config", "c":
		return []string{":files"}
	case "base-dir", "dir", archiveFlag:
		return []string{":directories"}
	case "layout":
		return []string{":files"}
	case "type":
		return cluster.KeyTypes()
	case "format":
		return []string{event.FormatBin, event.FormatJSON}
	}
	return nil
}

// generations is those that are kept, with when they were deployed last.
func generations(c *cli.Context, t typed) []string {
	dir := t.values["base-dir"]
	if dir == "" {
		config, err := readConfig(typedConfig(c, t))
		if err != nil {
			return nil
		}
		if dir, err = baseDir(c, config.BaseDir); err != nil {
			return nil
		}
	}
	store := generation.At(supervisor.Dirs(dir).Generations())
	history, err := store.History()
	kept, err2 := store.List()
	if err != nil || err2 != nil {
		return nil
	}
	var lines []string
	for _, digest := range generation.Recent(history) {
		if !slices.ContainsFunc(kept, func(g generation.Info) bool { return g.Digest == digest }) {
			continue
		}
		at := lastDeploy(history, digest)
		lines = append(lines, fmt.Sprintf("%s\t%s %s", short(digest), at.Time.Local().Format(time.DateTime), plain(at.Outcome)))
	}
	return lines
}

func lastDeploy(history []generation.Record, digest string) generation.Record {
	for _, r := range slices.Backward(history) {
		if r.Generation == digest {
			return r
		}
	}
	return generation.Record{}
}

// topics is those that reach nodes: of a type, and a single one.
func topics(c *cli.Context, t typed) []string {
	all := []string{"zeek.cluster.manager", "zeek.cluster.logger", "zeek.cluster.proxy", "zeek.cluster.worker"}
	for _, name := range nodeNames(c, t) {
		if name == layoutgen.BrokerName || name == layoutgen.ArchiverName {
			continue // they hear nothing
		}
		all = append(all, cluster.NodeTopic(name))
	}
	return all
}

func flagsOf(command *cli.Command) []string {
	lines := []string{"--help\tshow help"}
	for _, flag := range command.VisibleFlags() {
		name, usage := flag.Names()[0], ""
		if f, ok := flag.(cli.DocGenerationFlag); ok {
			usage = strings.ReplaceAll(f.GetUsage(), "`", "")
		}
		if name != "help" {
			lines = append(lines, "--"+name+"\t"+usage)
		}
	}
	return lines
}

func verbsOf(commands []*cli.Command) []string {
	var lines []string
	for _, command := range commands {
		lines = append(lines, command.Name+"\t"+command.Usage)
	}
	return lines
}

// typedConfig is the configuration that was typed, or else the one that zctl would
// find.
func typedConfig(c *cli.Context, t typed) string {
	path := cmp.Or(t.values["config"], t.values["c"])
	if rest, ok := strings.CutPrefix(path, "~/"); ok { // no shell has expanded it yet
		path = filepath.Join(os.Getenv("HOME"), rest)
	}
	if path == "" {
		path, _ = configPath(c)
	}
	return path
}

// storeNames is the stores of the configuration that was typed, or else of the one that
// zctl would find.
func storeNames(c *cli.Context, t typed) []string {
	config, err := readConfig(typedConfig(c, t))
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(config.Store))
}

// nodeNames is the nodes of the configuration that was typed, or else of the
// one that zctl would find; none if it has mistakes.
func nodeNames(c *cli.Context, t typed) []string {
	config, err := readConfig(typedConfig(c, t))
	if err != nil {
		return nil
	}
	var names []string
	for _, n := range config.Layout().Processes() {
		names = append(names, n.Name)
	}
	return names
}
