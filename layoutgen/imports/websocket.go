package imports

import (
	"net"
	"strings"
)

// webSocket serves WebSocket clients if zeekctl.cfg says so. ZeekControl does by default,
// for itself; zctl needs that not, and so what nobody asked for is not served.
func (im *importer) webSocket() {
	use, says := im.cfg.get("usewebsocket")
	host, hasHost := im.cfg.get("websockethost")
	port, hasPort := im.cfg.get("websocketport")
	if says && !use.yes() || !says && !hasHost && !hasPort {
		return
	}
	origin := port.place
	switch {
	case hasPort:
	case hasHost:
		origin = host.place
	default:
		origin = use.place
	}
	if host.value == "" || host.value == "localhost" {
		host.value = "127.0.0.1"
	}
	if port.value == "" {
		port.value = "27759"
	}
	im.doc.table("websocket").set(origin, "listen", net.JoinHostPort(strings.Trim(host.value, "[]"), port.value))
}
