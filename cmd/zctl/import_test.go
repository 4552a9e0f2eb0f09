package main

import (
	"strings"
	"testing"

	"zctl/cpuaffinity"
	"zctl/layoutgen"
	"zctl/layoutgen/imports"
)

// TestImportedCPUs: the CPUs that nodes of an import really get are those that
// ZeekControl pins them to, also where it pins several to one.
func TestImportedCPUs(t *testing.T) {
	t.Parallel()
	const cfg = `
[manager]
type=manager
host=localhost
pin_cpus=0
[logger-1]
type=logger
host=localhost
pin_cpus=1,2
[logger-2]
type=logger
host=localhost
[proxy-1]
type=proxy
host=localhost
[worker-1]
type=worker
host=localhost
interface=eth0
lb_method=custom
lb_procs=4
pin_cpus=3,4,5
[worker-2]
type=worker
host=localhost
interface=eth1
lb_method=custom
lb_procs=3
pin_cpus=5,5,6
[worker-3]
type=worker
host=localhost
interface=eth1
pin_cpus=0
`
	result, err := imports.NodeCfg(imports.Source{Name: "node.cfg", Text: cfg}, imports.Options{})
	if err != nil {
		t.Fatal(err)
	}
	config, err := layoutgen.Parse("zctl.toml", []byte(result.Text))
	if err != nil {
		t.Fatal(err)
	}
	host := &cpuaffinity.Topology{}
	for cpu := range 8 {
		host.CPUs = append(host.CPUs, cpuaffinity.CPU{ID: cpu, Core: cpu})
		host.Online = append(host.Online, cpu)
	}
	var requests []cpuaffinity.Request
	for _, node := range config.Layout().Nodes {
		if node.Type != layoutgen.TypeControl {
			requests = append(requests, request(node))
		}
	}
	plan, err := cpuaffinity.Plan(host, requests)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range plan {
		got = append(got, a.Node+"="+a.CPUs.String())
	}
	const want = "manager=0 logger-1=1 logger-2= proxy-1= " +
		"worker-1-1=3 worker-1-2=4 worker-1-3=5 worker-1-4=3 worker-2-1=5 worker-2-2=5 worker-2-3=6 worker-3=0"
	if strings.Join(got, " ") != want {
		t.Errorf("planned %s\nwant    %s", strings.Join(got, " "), want)
	}
}
