package main

import (
	"maps"
	"time"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// withHeartbeat is the environment of a process with its heartbeat, which Go nodes
// and the broker in Go have; Zeek has none. What the configuration gives a node
// itself stays.
func withHeartbeat(spec supervisor.Spec, every time.Duration) map[string]string {
	if every == 0 || spec.Engine != layoutgen.EngineGo || spec.Type == layoutgen.TypeArchiver {
		return spec.Env
	}
	env := map[string]string{layoutgen.HeartbeatEnv: every.String()}
	maps.Copy(env, spec.Env)
	return env
}
