package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// permute moves the flags of a verb in front of its other arguments, because
// the library stops looking for flags at the first argument that is none, and
// "zctl logs worker-1 -f" is what people type. Behind "--" nothing is moved. Who asks
// for help about a verb gets that, whatever else he has typed.
func permute(app *cli.App, args []string) []string {
	verb := slices.IndexFunc(args, func(a string) bool { return app.Command(a) != nil })
	if verb < 1 {
		return args
	}
	command := app.Command(args[verb])
	var flags, others []string
	head, rest := slices.Clone(args[:verb+1]), args[verb+1:]
	for len(rest) > 0 {
		arg := rest[0]
		rest = rest[1:]
		if arg == "--" {
			others = append(append(others, arg), rest...)
			break
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" || isNegative(arg) {
			if sub := subcommand(command, arg); sub != nil && len(others) == 0 {
				command, head, flags = sub, append(append(head, flags...), arg), nil
				continue
			}
			others = append(others, arg)
			continue
		}
		flags = append(flags, arg)
		if takesValue(command, arg) && len(rest) > 0 {
			flags = append(flags, rest[0])
			rest = rest[1:]
		}
	}
	if asked := slices.ContainsFunc(flags, func(f string) bool { return f == "--help" || f == "-h" }); asked {
		return append(head, "--help") // the library would look for help about the arguments
	}
	if args[verb] == hrwName && len(others) > 0 && isNegative(others[0]) {
		flags = append(flags, "--") // the library would take a key like -1 for a flag
	}
	return slices.Concat(head, flags, others)
}

// subcommand is the verb of that name that a verb has, or nil.
func subcommand(command *cli.Command, name string) *cli.Command {
	i := slices.IndexFunc(command.Subcommands, func(sub *cli.Command) bool { return sub.Name == name })
	if i < 0 {
		return nil
	}
	return command.Subcommands[i]
}

// isNegative says whether an argument is a number below 0, as events have them;
// no flag of ours is one.
func isNegative(arg string) bool {
	return len(arg) > 1 && (arg[1] >= '0' && arg[1] <= '9' || arg[1] == '.') || arg == "-inf"
}

// takesValue says whether the argument behind a flag belongs to it.
func takesValue(command *cli.Command, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, flag := range command.Flags {
		if slices.Contains(flag.Names(), name) {
			_, boolean := flag.(*cli.BoolFlag)
			return !boolean
		}
	}
	return false
}
