package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// criteria is what somebody from zeekctl expects, by its number (spec: zeekctl 7.1):
// the files that show it, or why zctl does not do it. It speaks of one host, and of
// the commands that there are.
var criteria = map[int]string{
	1:  "zeekctl_07_1_order.txtar: the lines are zctl's own",
	2:  "zeekctl_07_1_order.txtar",
	3:  "zeekctl_07_1_order.txtar",
	4:  "zeekctl_07_1_order.txtar",
	5:  "zeekctl_07_1_failing.txtar: the node is backoff or failed, which zeekctl calls crashed",
	6:  "zeekctl_07_1_failing.txtar: a crash has its bundle when it happens, not at the next start",
	7:  "zeekctl_07_1_failing.txtar: restart says with exit code 4 that it waits no longer",
	8:  "zeekctl_07_1_failing.txtar",
	9:  "-: a node that was to end has ended; last_exit in status says how",
	10: "-: there is no cleanup: work directories stay as they are, and state has no leftovers",
	11: "zeekctl_07_1_check.txtar",
	12: "zeekctl_07_1_check.txtar",
	13: "zeekctl_07_1_layout.txtar",
	14: "zeekctl_07_1_layout.txtar",
	15: "zeekctl_07_1_layout.txtar: native order; the entry control only if [control] asks for it",
	16: "zeekctl_07_1_layout.txtar",
	17: "-: WebSocket is another issue",
	18: "zeekctl_07_1_layout.txtar",
	19: "curve.txtar keys.txtar",
	20: "layoutgen/imports/testdata/two-interfaces.txtar: reversed as in zeekctl, and in order in zctl.toml",
	21: "layoutgen/imports/testdata/lb-pinned.txtar",
	22: "layoutgen/imports/testdata/rules.txtar",
	23: "layoutgen/imports/testdata/broken.txtar: a warning of import; an unknown key of zctl.toml is an error",
	24: "layoutgen/imports/testdata/lb-pinned.txtar: names of options in any case",
	25: "zeekctl_07_1_order.txtar",
	26: "nodes/archive/name_test.go nodes/archive/archive_test.go",
	27: "nodes/archive/name_test.go: the suffix is the logger's name",
	28: "nodes/archive/adopt_test.go",
	29: "nodes/archive/expire_test.go",
	30: "-: zctl sends no mail",
	31: "inquire.txtar: of a stopped cluster with exit code 3",
	32: "zeekctl_07_1_failing.txtar",
	33: "supervisor/takeover_test.go",
	34: "-: of several hosts",
	35: "zeekctl_07_1_order.txtar",
	36: "zeekctl_07_1_output.txtar: each in its work directory",
	37: "scripts/bench/zeekcluster.go",
	38: "zeekctl_07_1_order.txtar",
	39: "interrupted.txtar nodes/archive/kill_test.go",
	40: "zeekctl_07_1_check.txtar zeekgate.txtar",
}

// TestCriteria: each of the forty is shown where the table says, or left out for a
// reason.
func TestCriteria(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 40; n++ {
		files, why, _ := strings.Cut(criteria[n], ": ")
		if files == "-" && why != "" {
			continue
		}
		if files == "" {
			t.Errorf("%d: not in the table", n)
		}
		for _, file := range strings.Fields(files) {
			path := "../../" + file
			if strings.HasSuffix(file, ".txtar") && !strings.Contains(file, "/") {
				path = "testdata/script/" + file
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Errorf("%d: %v", n, err)
			}
			numbered := regexp.MustCompile(`(?m)^# ` + strconv.Itoa(n) + `: `)
			if strings.HasPrefix(file, "zeekctl_07_1_") && !numbered.Match(text) {
				t.Errorf("%d: %s does not have it", n, file)
			}
		}
	}
}
