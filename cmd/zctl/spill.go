package main

import (
	"maps"
	"strconv"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// withSpill is the environment of a node with what becomes of its log records while no
// logger takes them, if it is a Go node that sends some. What the configuration gives
// the node itself stays.
func withSpill(spec supervisor.Spec, node layoutgen.Node, layout *layoutgen.Layout, logs layoutgen.LogSend) map[string]string {
	if !logs.Spill || spec.Engine != layoutgen.EngineGo || node.Type == layoutgen.TypeBroker || node.Type == layoutgen.TypeArchiver || layout.TakesLogs(node) {
		return spec.Env
	}
	env := map[string]string{layoutgen.LogFullEnv: "spill", layoutgen.LogSpillEnv: strconv.FormatInt(int64(logs.SpillSize), 10)}
	maps.Copy(env, spec.Env)
	return env
}
