package zeektest

import (
	"fmt"
	"strings"
)

// arguments is a command line of Zeek's, as getopt_long reads it: options may stand
// behind scripts.
type arguments struct {
	version, parseOnly bool
	statusFile         string
	interfaces         []string
	prefixes           []string
	readFile           string
	scripts            []string
	assignments        []string // NAME=VALUE
}

// The options of Zeek 8.1 that take a value, and those that do not.
const (
	withValue    = "BGHIOTUXefijprstw"
	withoutValue = "abCDFNPQScdEhmuvW"
)

var long = map[string]byte{
	"parse-only": 'a', "bare-mode": 'b', "capture-unprocessed": 'c', "debug-script": 'd', "exec": 'e', "filter": 'f', "help": 'h',
	"iface": 'i', "prefix": 'p', "readfile": 'r', "rulefile": 's', "tracefile": 't', "usage-issues": 'u', "version": 'v',
	"writefile": 'w', "no-checksums": 'C', "deterministic": 'D', "force-dns": 'F', "load-seeds": 'G', "save-seeds": 'H',
	"print-id": 'I', "print-plugins": 'N', "optimize": 'O', "prime-dns": 'P', "time": 'Q', "debug-rules": 'S',
	"re-level": 'T', "status-file": 'U', "watchdog": 'W', "zeekygen": 'X',
}

// parseArgs reads what follows the program's name.
func parseArgs(args []string) (arguments, error) {
	var a arguments
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			a.positional(args)
			return a, nil
		case strings.HasPrefix(arg, "--"):
			name, value, glued := strings.Cut(arg[2:], "=")
			letter, known := long[name]
			if !known {
				return a, fmt.Errorf("unrecognized option '--%s'", name)
			}
			if strings.IndexByte(withValue, letter) >= 0 && !glued {
				if len(args) == 0 {
					return a, fmt.Errorf("option '--%s' requires an argument", name)
				}
				value, args = args[0], args[1:]
			}
			a.option(letter, value)
		case len(arg) > 1 && arg[0] == '-':
			rest, err := a.letters(arg[1:], args)
			if err != nil {
				return a, err
			}
			args = rest
		default:
			a.positional([]string{arg})
		}
	}
	return a, nil
}

// letters reads options that are glued together; a value may be glued, too.
func (a *arguments) letters(letters string, args []string) ([]string, error) {
	for i := range len(letters) {
		letter := letters[i]
		switch {
		case strings.IndexByte(withoutValue, letter) >= 0:
			a.option(letter, "")
		case strings.IndexByte(withValue, letter) < 0:
			return nil, fmt.Errorf("invalid option -- '%c'", letter)
		case i+1 < len(letters):
			a.option(letter, letters[i+1:])
			return args, nil
		case len(args) == 0:
			return nil, fmt.Errorf("option requires an argument -- '%c'", letter)
		default:
			a.option(letter, args[0])
			return args[1:], nil
		}
	}
	return args, nil
}

func (a *arguments) option(letter byte, value string) {
	switch letter {
	case 'a':
		a.parseOnly = true
	case 'v':
		a.version = true
	case 'U':
		a.statusFile = value
	case 'i':
		a.interfaces = append(a.interfaces, value)
	case 'p':
		a.prefixes = append(a.prefixes, value)
	case 'r':
		a.readFile = value
	}
}

func (a *arguments) positional(args []string) {
	for _, arg := range args {
		if strings.Contains(arg, "=") {
			a.assignments = append(a.assignments, arg)
		} else {
			a.scripts = append(a.scripts, arg)
		}
	}
}
