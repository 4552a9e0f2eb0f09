package main

import (
	"maps"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// withStores is the environment of a node with what it has to know of the stores of the
// cluster, if it is a Go node and that is anything. What the configuration gives the node
// itself stays.
func withStores(spec supervisor.Spec, node layoutgen.Node, config *layoutgen.Config) map[string]string {
	if spec.Engine != layoutgen.EngineGo || node.Type == layoutgen.TypeBroker || node.Type == layoutgen.TypeArchiver {
		return spec.Env
	}
	stores, dir := layoutgen.StoresText(config.StoresOf(node)), config.Cluster.DefaultStoreDir
	if stores == "" && dir == "" {
		return spec.Env
	}
	env := map[string]string{layoutgen.StoreDirEnv: dir, layoutgen.StoresEnv: stores}
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	maps.Copy(env, spec.Env)
	return env
}
