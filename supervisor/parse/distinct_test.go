package parse

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// zeekNode is the spec of a node that runs Zeek with some scripts.
func zeekNode(name string, scripts ...string) supervisor.Spec {
	typ, _, _ := strings.Cut(name, "-")
	n := supervisor.Spec{Name: name, Type: layoutgen.NodeType(typ), Engine: layoutgen.EngineZeek, Argv: []string{"/opt/zeek/bin/zeek"}, Env: map[string]string{"ZEEKPATH": "/none"}}
	if n.Type == layoutgen.TypeWorker {
		n.Interface = "eth" + strings.TrimPrefix(name, "worker-")
		n.Argv = append(n.Argv, "-i", n.Interface)
	}
	n.Argv = append(n.Argv, scripts...)
	return n
}

// names is how nodes were grouped: "manager, worker-1 worker-2".
func names(groups [][]supervisor.Spec) string {
	var all []string
	for _, g := range groups {
		var names []string
		for _, n := range g {
			names = append(names, n.Name)
		}
		all = append(all, strings.Join(names, " "))
	}
	return strings.Join(all, ", ")
}

func TestDistinct(t *testing.T) {
	t.Parallel()
	other := zeekNode("worker-2", "local", "aux")
	env := zeekNode("worker-2", "local")
	env.Env = map[string]string{"ZEEKPATH": "/none", "SITE": "b"}
	unknown := zeekNode("worker-2", "local")
	unknown.Env = map[string]string{"ZEEKPATH": ""} // Zeek's own default
	for _, test := range []struct {
		what, script, want string
		worker2            supervisor.Spec
	}{
		{"alike but for name and interface", "event zeek_init() { }", "manager, proxy-1, worker-1 worker-2 worker-3", zeekNode("worker-2", "local")},
		{"other scripts", "", "manager, proxy-1, worker-1 worker-3, worker-2", other},
		{"another environment", "", "manager, proxy-1, worker-1 worker-3, worker-2", env},
		{"a script that asks", `@if ( Cluster::node == "worker-2" )`, "manager, proxy-1, worker-1, worker-2, worker-3", zeekNode("worker-2", "local")},
		{"a path that we do not know", "", "manager, proxy-1, worker-1, worker-2, worker-3", unknown},
	} {
		t.Run(test.what, func(t *testing.T) {
			s := &scratch{dir: t.TempDir()}
			if err := os.MkdirAll(s.site(), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(s.site(), "local.zeek"), []byte(test.script), 0o644); err != nil {
				t.Fatal(err)
			}
			groups := s.distinct([]supervisor.Spec{zeekNode("manager", "local"), zeekNode("proxy-1", "local"), zeekNode("worker-1", "local"), test.worker2, zeekNode("worker-3", "local")})
			if got := names(groups); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// TestTellApart has scripts in a directory of Zeek's own, of a package, and beside
// one that is given by its path.
func TestTellApart(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]bool{
		`@load misc/loaded-scripts`:                  false,
		`@if ( Cluster::is_enabled() )`:              false,
		`redef Cluster::nodes += { };`:               false,
		`print Cluster::local_node_type();`:          false,
		`if ( Cluster::node in x )`:                  true,
		`@if ( getenv("CLUSTER_NODE") == "w" )`:      true,
		`redef peer = fmt("%s", peer_description);`:  true,
		`module Cluster; @if ( node == "worker-2" )`: true,
		`@load /opt/elsewhere`:                       true,
		`@load ../../elsewhere`:                      true,
		`@load-sigs ./x/../../y`:                     true,
		`@load ./beside`:                             false,
	} {
		for where, file := range map[string]string{
			"site": "site/packages/p/main.zeek", "policy": "zeek/policy/x.zeek", "beside": "own/lib/x.zeek", "no script": "site/x.txt",
		} {
			dir := t.TempDir()
			for name, text := range map[string]string{file: script, "zeek/base/init-bare.zeek": "getenv", "zeek/policy/y.zeek": "getenv"} {
				os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink(".", filepath.Join(dir, "own/circle")); err != nil && where == "beside" {
				t.Fatal(err)
			}
			n := zeekNode("worker-1", filepath.Join(dir, "own/aux"))
			n.Env["ZEEKPATH"] = fmt.Sprintf("%[1]s/zeek:%[1]s/zeek/policy:%[1]s/site:.", dir)
			s := &scratch{dir: filepath.Join(dir, "scratch")}
			roots, known := s.scripts(n)
			if got := tellApart(roots); !known || got != (want && (where == "site" || where == "beside")) {
				t.Errorf("%s in %s: %t (looked into %v)", script, where, got, roots)
			}
		}
	}
}

// TestTooMuch: what is too long to look into might do anything.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "long.zeek")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if tellApart([]string{dir}) {
		t.Error("an empty script")
	}
	if err := os.Truncate(file, mostScript+1); err != nil {
		t.Fatal(err)
	}
	if !tellApart([]string{dir}) {
		t.Error("a script of 4 MiB and a byte")
	}
}
