// Command zeek-cluster-layout-generator is a drop-in replacement for Zeek's
// tool of that name: the same options, output, messages and exit codes as the
// one of Zeek 8.1, and the options -W name:n,…, -M and -x of Zeek 9 where 8.1
// would fail.
//
//	zeek-cluster-layout-generator -W 4 -o cluster-layout.zeek
//
// It is Zeek's tool down to its quirks, so it does not check what it is told.
// For a checked layout use zctl layout.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"zctl/layoutgen"
)

func main() {
	_, posix := os.LookupEnv("POSIXLY_CORRECT")
	os.Exit(run(os.Args, posix, os.Stdout, os.Stderr))
}

// run does all that main does. posix says that options end at the first
// argument that is none. It returns the exit code: 0, or 1 for a bad argument
// or an output file that cannot be opened (spec: generators 1.2).
func run(argv []string, posix bool, stdout, stderr io.Writer) int {
	opts, err := parseArgs(argv, posix)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	if opts.help {
		fmt.Fprintf(stdout, usage, argv[0])
		return 0
	}
	if opts.output == "-" {
		opts.layout.WriteTo(stdout)
		return 0
	}
	return writeFile(opts.output, opts.layout, stderr)
}

// writeFile truncates and writes the file. Write errors (a full disk) go
// unnoticed, as in Zeek's tool (spec: generators 1.4).
func writeFile(name string, layout layoutgen.Generator, stderr io.Writer) int {
	f, err := os.Create(name)
	if err != nil {
		fmt.Fprintf(stderr, "failed to open %s\n", name)
		return 1
	}
	out := bufio.NewWriter(f)
	layout.WriteTo(out)
	out.Flush()
	f.Close()
	return 0
}

// usage is the text of -h, which lacks a blank before -b in Zeek's tool too.
const usage = "Usage: %s -L <loggers> -P <proxies> -W <workers> -a <address> -p <port> -m <metrics_port>-b <metrics_address> [-o <outfile>]\n"
