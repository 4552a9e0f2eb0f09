package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestUpToDate: the dashboard that lies here is the one that the program prints.
func TestUpToDate(t *testing.T) {
	t.Parallel()
	var now bytes.Buffer
	if err := write(&now); err != nil {
		t.Fatal(err)
	}
	there, err := os.ReadFile("zctl.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(there, now.Bytes()) {
		t.Error("zctl.json is not what panels.go says: go run ./scripts/grafana > scripts/grafana/zctl.json")
	}
	var d struct{ Panels []struct{ ID int } }
	if err := json.Unmarshal(there, &d); err != nil || len(d.Panels) < 30 {
		t.Errorf("%d panels, %v", len(d.Panels), err)
	}
	for i, p := range d.Panels {
		if p.ID != i+1 {
			t.Errorf("panel %d has the id %d", i, p.ID)
		}
	}
}

var (
	quoted     = regexp.MustCompile(`"[^"]*"`)
	selectors  = regexp.MustCompile(`\{[^}]*\}|\[[^]]*\]`)
	grouping   = regexp.MustCompile(`\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`)
	identifier = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*\s*\(?`)
	operators  = []string{"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"}
)

// metricsIn is the metrics in an expression of PromQL.
func metricsIn(expr string) []string {
	expr = quoted.ReplaceAllString(expr, `""`)
	expr = selectors.ReplaceAllString(expr, "")
	expr = grouping.ReplaceAllString(expr, "")
	var all []string
	for _, word := range identifier.FindAllString(expr, -1) {
		if !strings.HasSuffix(word, "(") && !slices.Contains(operators, strings.TrimSpace(word)) {
			all = append(all, strings.TrimSpace(word))
		}
	}
	return all
}

func TestMetricsIn(t *testing.T) {
	t.Parallel()
	got := metricsIn(`sum by (node, x) (rate(a_total{node=~"$node", b="c_total"}[5m])) > bool 0 unless on (node) d:e{} == 1 or vector(0)`)
	if want := []string{"a_total", "d:e"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// known is what is documented, which tests of nodes and supervisor hold to what is
// served, what Zeek served that was recorded, and what the library serves.
func known(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{"go_goroutines": true}
	for file, name := range map[string]string{
		"../../docs/telemetry.md":               "`([a-z]+_[a-z_0-9]+)`",
		"../../nodes/testdata/zeek-metrics.txt": "(?m)^([a-z_]+) ",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(name).FindAllSubmatch(text, -1) {
			all[string(m[1])] = true
		}
	}
	return all
}

// TestNames: every metric in an expression is served by somebody.
func TestNames(t *testing.T) {
	t.Parallel()
	exprs := map[string]string{}
	for _, r := range rows {
		for _, p := range r.panels {
			for _, q := range p.queries {
				exprs[q.expr] = "the panel " + p.title
			}
		}
	}
	rules, err := os.ReadFile("../prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	alerts := regexp.MustCompile(`(?m)- alert: (\w+)\n +expr: (.+)$`).FindAllSubmatch(rules, -1)
	for _, a := range alerts {
		exprs[string(a[2])] = "the alert " + string(a[1])
	}
	if n := bytes.Count(rules, []byte("- alert:")); n != len(alerts) || n < 15 {
		t.Errorf("read %d of %d alerts", len(alerts), n)
	}
	names := known(t)
	for expr, where := range exprs {
		found := metricsIn(expr)
		if len(found) == 0 {
			t.Errorf("no metric in %s: %s", where, expr)
		}
		for _, name := range found {
			if !names[name] {
				t.Errorf("nobody serves %s, which is in %s", name, where)
			}
		}
	}
}

// TestAlerts: Prometheus takes the rules, and they fire when they should.
func TestAlerts(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool (Debian: prometheus)")
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}} {
		tool := exec.Command(promtool, args...)
		tool.Dir = "../prometheus"
		if out, err := tool.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
