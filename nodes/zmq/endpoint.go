package zmq

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// endpoint is a parsed libzmq endpoint.
type endpoint struct {
	network string // "tcp" or "unix", as package net calls them
	address string // host:port, or a path
}

// maxIPCPath is sizeof(sockaddr_un.sun_path) less the final NUL, see unix(7).
const maxIPCPath = 107

// parseEndpoint reads "tcp://host:port" or "ipc://path". A host may be "*" (all addresses) and a port "*" or 0 (any free
// one); those make sense for binding only. An IPv6 address need not be bracketed: libzmq takes the last colon, and Zeek's
// scripts rely on it for a manager that is the logger (spec: wire 1.1).
func parseEndpoint(s string) (endpoint, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return endpoint{}, fmt.Errorf("cannot use endpoint %q: want tcp://host:port or ipc:///path", s)
	}
	switch scheme {
	case "tcp":
		return parseTCP(s, rest)
	case "ipc":
		if rest == "" || len(rest) > maxIPCPath || strings.ContainsRune(rest, 0) {
			return endpoint{}, fmt.Errorf("cannot use endpoint %q: want ipc:// and a path of 1 to %d bytes", s, maxIPCPath)
		}
		return endpoint{"unix", rest}, nil
	}
	return endpoint{}, fmt.Errorf("cannot use endpoint %q: transport %q is not supported, use tcp:// or ipc://", s, scheme)
}

func parseTCP(s, rest string) (endpoint, error) {
	colon := strings.LastIndexByte(rest, ':')
	if colon < 0 {
		return endpoint{}, fmt.Errorf("cannot use endpoint %q: the port is missing, want tcp://host:port", s)
	}
	host, port := rest[:colon], rest[colon+1:]
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok {
			return endpoint{}, fmt.Errorf("cannot use endpoint %q: the closing ] is missing", s)
		}
	}
	if host == "" || strings.ContainsAny(host, "/;@[] \t\r\n\x00") {
		return endpoint{}, fmt.Errorf("cannot use endpoint %q: bad host %q, want an address or a name", s, host)
	}
	if host == "*" {
		host = ""
	}
	if port == "*" {
		port = "0"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return endpoint{}, fmt.Errorf("cannot use endpoint %q: bad port %q, want 0 to 65535", s, port)
	}
	return endpoint{"tcp", net.JoinHostPort(host, port)}, nil
}

// parseRemote is parseEndpoint for an endpoint to connect to.
func parseRemote(s string) (endpoint, error) {
	e, err := parseEndpoint(s)
	if err != nil || e.network != "tcp" {
		return e, err
	}
	host, port, err := net.SplitHostPort(e.address)
	if err != nil {
		return endpoint{}, fmt.Errorf("cannot use endpoint %q: %w", s, err)
	}
	if n, _ := strconv.Atoi(port); host == "" || n == 0 {
		return endpoint{}, fmt.Errorf("cannot connect to %q: name a host and a port other than 0", s)
	}
	return e, nil
}

// endpointOf names a bound address as peers can connect to it.
func endpointOf(a net.Addr) string {
	if a.Network() == "unix" {
		return "ipc://" + a.String()
	}
	return "tcp://" + a.String()
}

func (e endpoint) String() string {
	if e.network == "unix" {
		return "ipc://" + e.address
	}
	return "tcp://" + e.address
}
