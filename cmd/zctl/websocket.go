package main

import (
	"fmt"
	"maps"
	"os"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// withWebSocket is the environment of a Go node with what it serves to WebSocket clients,
// if that is anything. A Zeek node is told by a script.
func withWebSocket(spec supervisor.Spec, w *layoutgen.WebSocket) map[string]string {
	if w == nil || spec.Engine != layoutgen.EngineGo {
		return spec.Env
	}
	env := map[string]string{layoutgen.WebSocketEnv: w.Text()}
	maps.Copy(env, spec.Env)
	return env
}

// webSocketListener is where a node serves WebSocket clients, if it does for sure.
func webSocketListener(config *layoutgen.Config, node layoutgen.Node) []listener {
	w := config.WebSocketOf(node)
	if w == nil || node.Process.Command != "" {
		return nil
	}
	return []listener{{w.Listen, "websocket.listen"}}
}

// webSocketWarnings says that anybody may come, if so, and which files are not there.
// Whoever connects is trusted like a node.
func webSocketWarnings(config *layoutgen.Config) []string {
	if !config.Has("websocket") {
		return nil
	}
	w := config.WebSocket
	var all []string
	verifies := w.VerifyClient && w.CAFile != "NONE"
	if !w.Address().Addr().IsLoopback() && w.TokenFile == "" && !verifies {
		all = append(all, fmt.Sprintf("warning: whoever reaches %s may publish and hear whatever nodes do (websocket.listen); "+
			"say token_file, or cert_file, key_file and verify_client, or listen on loopback", w.Listen))
	}
	for _, f := range []struct{ key, path string }{{"cert_file", w.CertFile}, {"key_file", w.KeyFile}, {"token_file", w.TokenFile}} {
		if f.path == "" {
			continue
		}
		if _, err := os.Stat(f.path); err != nil {
			all = append(all, fmt.Sprintf("warning: websocket.%s: %v", f.key, err))
		}
	}
	return all
}
