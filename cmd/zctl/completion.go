package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
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
		print, known := shells[c.Args().First()]
		if c.NArg() != 1 || !known {
			return usagef("zctl completion takes the name of a shell: bash, zsh or fish")
		}
		print(c.App.Writer, c.App.VisibleCommands())
		return nil
	},
}

var shells = map[string]func(io.Writer, []*cli.Command){
	"bash": completeBash, "zsh": completeZsh, "fish": completeFish,
}

// takesNodes are the verbs whose arguments are nodes.
var takesNodes = []string{"status", "start", "stop", "restart", "logs"}

// nodeNames is a shell command that prints the names of all nodes and groups.
const nodeNames = `{ zctl nodes 2>/dev/null | awk 'NR>1 {print $1}'; printf '%s\n' all manager loggers proxies workers; } | sort -u`

func completeBash(w io.Writer, commands []*cli.Command) {
	fmt.Fprintf(w, `# bash completion for zctl; source it
_zctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} verb="" i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--config | -c | --base-dir) ((i++)) ;;
		-*) ;;
		*) verb=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $verb in
	"") COMPREPLY=($(compgen -W "%s --config --base-dir --help" -- "$cur")) ;;
`, strings.Join(verbs(commands), " "))
	for _, command := range commands {
		words := `"` + strings.Join(flagWords(command), " ") + `"`
		if command.Name == completionName {
			words = `"bash zsh fish"`
		}
		if slices.Contains(takesNodes, command.Name) {
			fmt.Fprintf(w, "\t%s)\n\t\tif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W %s -- \"$cur\"))\n\t\telse COMPREPLY=($(compgen -W \"$(%s)\" -- \"$cur\")); fi ;;\n", command.Name, words, nodeNames)
			continue
		}
		fmt.Fprintf(w, "\t%s) COMPREPLY=($(compgen -W %s -- \"$cur\")) ;;\n", command.Name, words)
	}
	fmt.Fprint(w, "\tesac\n}\ncomplete -o default -F _zctl zctl\n")
}

func completeZsh(w io.Writer, commands []*cli.Command) {
	fmt.Fprint(w, "#compdef zctl\n# zsh completion for zctl\n_zctl() {\n\tlocal -a verbs\n\tverbs=(\n")
	for _, command := range commands {
		fmt.Fprintf(w, "\t\t'%s:%s'\n", command.Name, shellQuoted(command.Usage))
	}
	fmt.Fprint(w, "\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe verb verbs\n\t\treturn\n\tfi\n\tcase ${words[2]} in\n")
	for _, command := range commands {
		var specs []string
		for _, flag := range flagWords(command) {
			specs = append(specs, "'"+flag+"'")
		}
		switch {
		case command.Name == completionName:
			fmt.Fprintf(w, "\t%s) _values shell bash zsh fish ;;\n", command.Name)
		case slices.Contains(takesNodes, command.Name):
			fmt.Fprintf(w, "\t%s) _arguments %s \"*:node:($(%s))\" ;;\n", command.Name, strings.Join(specs, " "), nodeNames)
		default:
			fmt.Fprintf(w, "\t%s) _arguments %s ;;\n", command.Name, strings.Join(specs, " "))
		}
	}
	fmt.Fprint(w, "\tesac\n}\n_zctl \"$@\"\n")
}

func completeFish(w io.Writer, commands []*cli.Command) {
	fmt.Fprint(w, "# fish completion for zctl\ncomplete -c zctl -f\n")
	for _, command := range commands {
		fmt.Fprintf(w, "complete -c zctl -n __fish_use_subcommand -a %s -d '%s'\n", command.Name, shellQuoted(command.Usage))
		for _, flag := range flagWords(command) {
			fmt.Fprintf(w, "complete -c zctl -n '__fish_seen_subcommand_from %s' -l %s\n", command.Name, strings.TrimPrefix(flag, "--"))
		}
		if slices.Contains(takesNodes, command.Name) {
			fmt.Fprintf(w, "complete -c zctl -n '__fish_seen_subcommand_from %s' -a \"(%s)\"\n", command.Name, strings.ReplaceAll(nodeNames, "$1", `\$1`))
		}
	}
	fmt.Fprintf(w, "complete -c zctl -n '__fish_seen_subcommand_from %s' -a 'bash zsh fish'\n", completionName)
}

func verbs(commands []*cli.Command) []string {
	var all []string
	for _, command := range commands {
		all = append(all, command.Name)
	}
	return all
}

// flagWords is the long flags of a verb.
func flagWords(command *cli.Command) []string {
	words := []string{"--help"}
	for _, flag := range command.VisibleFlags() {
		if name := flag.Names()[0]; name != "help" {
			words = append(words, "--"+name)
		}
	}
	return words
}

func shellQuoted(s string) string { return strings.ReplaceAll(s, "'", `'\''`) }
