package websocket

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path"
	"time"
)

// Options of a [Server].
type Options struct {
	// NodeID is the id of the node that the server belongs to; clients are called
	// <NodeID>-websocket-<n> (spec: websocket 12).
	NodeID string
	// Version is what clients are told: Zeek's version, by default "zctl".
	Version string
	// Added is called before anything that the client sent is published: with the
	// topics it subscribed, sorted and each once (Cluster::websocket_client_added). Lost
	// is called after the last of it was published, also of clients that never got as
	// far as Added, but not when the server itself ends (Cluster::websocket_client_lost).
	// The clients of a listener wait meanwhile; calls for different listeners may
	// overlap. Nil functions are left out.
	Added func(c Endpoint, subscriptions []string)
	Lost  func(c Endpoint, code int, reason string)
	// Log is told what an operator should know; nil discards it.
	Log *slog.Logger
}

// Endpoint is a client (Cluster::EndpointInfo).
type Endpoint struct {
	ID string
	// Address is that of its end of the connection.
	Address netip.AddrPort
	// ApplicationName is what it calls itself by X-Application-Name; empty if it does
	// not.
	ApplicationName string
}

func (o Options) withDefaults() Options {
	o.Version = cmp.Or(o.Version, "zctl")
	if o.Added == nil {
		o.Added = func(Endpoint, []string) {}
	}
	if o.Lost == nil {
		o.Lost = func(Endpoint, int, string) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// ListenOptions of one address (Cluster::WebSocketServerOptions, spec: websocket 13).
// Zero values mean Zeek's defaults, or what is said.
type ListenOptions struct {
	// Address is host and port: "127.0.0.1:27759", "[::1]:27759". Port 0 is any.
	Address string
	// MaxEventQueueSize is how many messages of all clients wait to be published before
	// clients have to wait themselves (max_event_queue_size). Zero: 32. Negative: 65536,
	// where Zeek's 0 is no limit.
	MaxEventQueueSize int
	// PingInterval is how long a client has to answer a ping, in whole seconds
	// (ping_interval). Zero: 5 s. Less than a second, or negative: there are no pings.
	PingInterval time.Duration
	TLS          TLSOptions

	// The rest is beyond Zeek, which limits and checks nothing of the kind.

	// MaxClients is how many connections there are at once; others are closed at once.
	// Zero: 100, as Zeek.
	MaxClients int
	// MaxFrame bounds a message of a client, in bytes; one who sends a larger one is
	// disconnected (1009). Zero: 16 MiB.
	MaxFrame int
	// MaxQueued bounds what waits for one client, in bytes; one who does not take it is
	// disconnected. Zero: 32 MiB.
	MaxQueued int
	// Token is what clients have to know: "Authorization: Bearer TOKEN". Empty: nothing.
	Token string
	// TokenFile holds the token instead, and may change: it is read for every connection.
	// Those that there are stay. While a new file is of no use, what was in it before
	// holds.
	TokenFile string
	// Origins is the hosts, or scheme://hosts, as patterns of [path.Match], whose web
	// pages may connect; that of the server itself always may, and who sends no Origin
	// is no web page. Empty: all, as Zeek.
	Origins []string
	// Strict refuses messages that Zeek refuses though it is clear what is meant, as a
	// real without a fraction (spec: websocket 5, 16).
	Strict bool
	// Events are those that clients may publish, by name; others are refused, as Zeek
	// refuses what its scripts do not declare. Nil: any.
	Events Events
}

const (
	defaultPort = "27759"

	defaultQueue  = 32
	mostQueued    = 1 << 16
	defaultPing   = 5 * time.Second
	defaultMost   = 100
	defaultFrame  = 16 << 20
	defaultQueued = 32 << 20
)

// checked is the options with defaults filled in, or what is wrong with them.
func (o ListenOptions) checked() (ListenOptions, error) {
	host, port, err := net.SplitHostPort(cmp.Or(o.Address, net.JoinHostPort("127.0.0.1", defaultPort)))
	if err != nil {
		return o, fmt.Errorf("cannot listen on %q: expected ADDRESS:PORT: %w", o.Address, err)
	}
	o.Address = net.JoinHostPort(host, port)
	o.MaxEventQueueSize = cmp.Or(o.MaxEventQueueSize, defaultQueue)
	if o.MaxEventQueueSize < 0 {
		o.MaxEventQueueSize = mostQueued
	}
	o.PingInterval = cmp.Or(o.PingInterval, defaultPing)
	o.PingInterval = max(0, o.PingInterval.Truncate(time.Second))
	o.MaxClients = cmp.Or(o.MaxClients, defaultMost)
	o.MaxFrame = cmp.Or(o.MaxFrame, defaultFrame)
	o.MaxQueued = cmp.Or(o.MaxQueued, defaultQueued)
	if o.MaxClients < 0 || o.MaxFrame < 0 || o.MaxQueued < 0 {
		return o, errors.New("cannot serve WebSocket clients: a limit is less than 0")
	}
	if o.Token != "" && o.TokenFile != "" {
		return o, errors.New("cannot serve WebSocket clients: there are a token and a file with one; give one of them")
	}
	for _, pattern := range o.Origins {
		if _, err := path.Match(pattern, ""); err != nil {
			return o, fmt.Errorf("cannot take %q for a pattern of origins: %w", pattern, err)
		}
	}
	if err := o.Events.check(); err != nil {
		return o, err
	}
	return o, o.TLS.check()
}
