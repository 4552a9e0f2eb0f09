package supervisor

import (
	"slices"
	"strings"

	"zctl/layoutgen/lazyregexp"
)

// How Zeek says that its scripts or its command line are wrong (spec: generators
// R21; recorded in testdata/zeek-process.jsonl). The first such line is the one to
// read: what follows are consequences.
var (
	errorInFile = lazyregexp.New(`^(?:fatal |internal |expression |parse )?error in .+, lines? \d+(?:-\d+)?: .`)
	errorAtAll  = lazyregexp.New(`^(?:fatal error: (?:can't find|plugin|cannot load plugin) .|\S*zeek: (?:unrecognized option|invalid option|option .*requires an argument))`)
)

// passing is what Zeek says of troubles that can go away by themselves, whatever
// script they are reported in: ports, interfaces, files and memory.
var passing = []string{
	"in use", "Failed to bind", "binding to port", "bind to", "ZeroMQ", "interface", "No such device", "pcap_error",
	"ermission denied", "not permitted", "No space left", "Too many open files", "annot allocate memory", "out of memory",
	"Input/output error", "Network is down", "timed out",
}

// scriptError is what Zeek said about an error that its next process would run
// into, too; "" if there was none. said is what a process wrote to stderr that
// ended before it was RUNNING.
func scriptError(said string) string {
	message := ""
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		wrong := errorInFile().MatchString(line) || errorAtAll().MatchString(line)
		// A script may be about interfaces: within an error of the parser the words mean nothing.
		if !isParser(line) && slices.ContainsFunc(passing, func(p string) bool { return strings.Contains(line, p) }) {
			return ""
		}
		if wrong && message == "" {
			message = line
		}
	}
	return message
}

// isParser says whether a line is of Zeek's parser, which quotes the script.
func isParser(line string) bool {
	return strings.HasPrefix(line, "error in ") || strings.Contains(line, "can't find ")
}
