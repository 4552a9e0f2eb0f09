// Package zeektest is a stand-in for the zeek program, for tests: a process that
// behaves to whoever starts it as Zeek 8.1.2 does, as far as was recorded of the
// real one (spec: generators 3, and zeek-process.jsonl of the recordings). It
// captures no packets and runs no scripts.
//
// # Using it
//
// The stand-in is the test's own binary under the name zeek. In a package with
// testscripts it is one more command, which scripts find in their PATH:
//
//	testscript.Main(m, map[string]func(){
//		"zeek": func() { os.Exit(zeektest.Main(zeektest.Options{})) },
//	})
//
// In other packages, TestMain begins with [Hook], and [Install] makes
// DIR/bin/zeek, which is to be started by that path.
//
//	func TestMain(m *testing.M) { zeektest.Hook(zeektest.Options{}); os.Exit(m.Run()) }
//
//	zeek, err := zeektest.Install(t.TempDir())
//
// # What it checks
//
// Arguments and scripts, with Zeek's messages and exit codes: unknown options;
// scripts that ZEEKPATH does not lead to (also those of @load; what comes with Zeek
// is believed to be there if ZEEKPATH has PREFIX/share/zeek and its directories, or
// is not set; local.zeek is in site); a line "STUB syntax-error" in a script, a
// print without semicolon, and calls of no_such_function; options of the ZeroMQ
// backend that are set before its script; a layout that is missing or does not have
// CLUSTER_NODE; no backend; interfaces that do not exist; and ports that somebody
// else has: the broker's, a logger's, and that of metrics. A script's
// Reporter::fatal("…") and exit(N) happen in zeek_init. With -a it ends after
// parsing.
//
// It writes the file of -U as Zeek does (truncated, and then in pieces), holds its
// ports, and ends on TERM or INT as Zeek does; HUP leaves it TERMINATING for ever.
// It writes no .startup: that is not Zeek's file but of zeekctl's run-zeek.
//
// # What it records
//
// Each start is a line of JSON, a [Run], in zeektest.jsonl in the working
// directory. If $ZEEKTEST_RECORD names a directory, it is the file NODE.jsonl there
// instead (zeek.jsonl without CLUSTER_NODE), also for --version; so one can count
// how often Zeek was asked.
//
// # Steering it
//
// It obeys settings, separated by semicolons or newlines, in the environment
// variable ZEEKTEST; then in the files all and NODE of the directory
// $ZEEKTEST_DIR; then in the file .zeektest in its working directory. The last one
// counts, and they are read at each start.
//
//	version=9.0.0    its version; default 8.1.2
//	version-time=5s  how long --version takes
//	fatal=MESSAGE    parsing fails with: fatal error in ./local.zeek, line 3: MESSAGE
//	error=MESSAGE    parsing fails with: error in ./local.zeek, line 3: MESSAGE
//	parse=200ms      how long parsing takes, with -a, too
//	memory=64        MiB that it allocates and touches before it parses
//	ready=100ms      RUNNING that long after it was started; default at once
//	hang=yes         it never gets to RUNNING (and still ends on TERM)
//	crash=300ms      it ends that long after it was started; how say these three:
//	exit=3           … with this exit code; default 1
//	signal=SEGV      … by this signal: ABRT BUS FPE ILL KILL SEGV TERM
//	stderr=TEXT      … after this line on stderr
//	term=ignore      TERM and INT do nothing
//	stop=750ms       how long it takes to end after TERM; default 0
//	interfaces=a,b   network interfaces that exist besides the host's
//	log=conn         a logger writes conn.log, and rotates it when it ends
//	rotate=100ms     … and that often before
//	join=no          it stays off the bus, even if Options.Join is there
//
// # On the bus
//
// By itself the stand-in is not on the cluster's bus. [Options.Join] can put it
// there; the tests of cmd/zctl hand in a Go node, which says hello as Zeek does.
package zeektest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Options is what a test binary can give to its stand-in.
type Options struct {
	// Join puts the node that CLUSTER_NODE names on the bus, and returns when ctx
	// is done; nil: the node is on no bus. Environment and working directory are
	// the node's, but for NOTIFY_SOCKET: Zeek does not know it. It has to bind the
	// ports of the node, which were free. What it returns before ctx is done ends
	// the stand-in as a fatal error.
	Join func(ctx context.Context, node string) error
}

// Hook runs the stand-in, and exits, if that is what the process was started as:
// by a path that ends in /zeek.
func Hook(o Options) {
	if filepath.Base(os.Args[0]) == "zeek" {
		os.Exit(Main(o))
	}
}

// Install makes DIR/bin/zeek, which is the running test's binary, and returns its
// absolute path.
func Install(dir string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("cannot install the stand-in for zeek: %w", err)
	}
	bin, err := filepath.Abs(filepath.Join(dir, "bin"))
	if err == nil {
		err = os.MkdirAll(bin, 0o755)
	}
	zeek := filepath.Join(bin, "zeek")
	if err == nil {
		err = os.Symlink(self, zeek)
	}
	if err != nil {
		return "", fmt.Errorf("cannot install the stand-in for zeek: %w", err)
	}
	return zeek, nil
}
