package main

import (
	"crypto/sha256"
	"encoding/hex"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// joins is what a node must be restarted for if it changes elsewhere in the
// cluster: where the broker is, the options of [zeromq], and what else it reads
// only once. Our own runtime learns of nodes that come and go; of other programs
// nobody knows, and Zeek reads its layout only at its start.
func joins(layout *layoutgen.Layout, node layoutgen.Node) []string {
	if node.Type == layoutgen.TypeArchiver {
		return nil
	}
	b := layout.Backend
	var all []string
	if node.Type != layoutgen.TypeBroker {
		all = append(all, supervisor.JoinsXPub+b.ConnectXPub, supervisor.JoinsXSub+b.ConnectXSub)
	}
	if layout.RunsBroker(node) {
		all = append(all, "broker's xpub "+b.ListenXPub, "broker's xsub "+b.ListenXSub)
	}
	if node.Type == layoutgen.TypeManager && layout.ManagerIsLogger {
		all = append(all, "is the logger")
	}
	all = append(all, layout.OptionsOf(node)...)
	switch {
	case node.Process.Engine == layoutgen.EngineZeek:
		sum := sha256.Sum256([]byte(layout.Zeek()))
		all = append(all, "layout "+hex.EncodeToString(sum[:4]))
	case node.Process.Command != "" && node.Type != layoutgen.TypeLogger:
		for _, endpoint := range layout.LogEndpoints() {
			all = append(all, "logger "+endpoint)
		}
	}
	return all
}
