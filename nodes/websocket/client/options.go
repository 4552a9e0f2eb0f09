package client

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/websocket/frame"
)

// Options says which server to connect to, and how. The zero value of each field but
// URL is its default.
type Options struct {
	// URL is where the server is: "ws://127.0.0.1:27759", or "wss://…" with TLS. Without
	// a path it is [frame.Path].
	URL string
	// ApplicationName is what the server logs and counts this client as; letters,
	// digits and /_-.=:*@ (spec: websocket 2.3).
	ApplicationName string
	// Token is a secret that the server wants to see, as "Authorization: Bearer". Zeek
	// wants none.
	Token string
	// Header is sent besides when connecting.
	Header http.Header
	// TLS is for wss: whom to trust, and the client's certificate; see [TLSFiles].
	// nil trusts whom this host trusts, and has no certificate.
	TLS *tls.Config
	// Timeout is how long connecting may take, until the server has acknowledged the
	// subscriptions: 10 s, as zeekctl.
	Timeout time.Duration
	// Silence is how long the server may say nothing, and not answer a ping either,
	// until it is taken for lost: 30 s. Negative: for ever.
	Silence time.Duration
	// MaxMessage is the largest message that is read, in bytes: 64 MiB. Zeek has no
	// bound.
	MaxMessage int
	// MaxQueued is how many bytes wait to be sent before more are refused: 16 MiB.
	MaxQueued int
	// MaxBackoff is the longest time between attempts to connect: 5 s.
	MaxBackoff time.Duration
	// Cluster is the options of Zeek's Cluster framework, for a [Client]: what topics are
	// called, whether what it publishes has the time. Of those, Node, NodeID and Log are
	// the client's own.
	Cluster cluster.Options
	// OnError is told what the server says it did not understand, on the goroutine that
	// reads. nil: it is logged.
	OnError func(*frame.Error)
	// Log is what the client says about itself; nil discards it.
	Log *slog.Logger
}

// defaultTimeout and the others are the defaults of Options.
const (
	defaultTimeout    = 10 * time.Second
	defaultSilence    = 30 * time.Second
	defaultMaxMessage = 64 << 20
	defaultMaxQueued  = 16 << 20
	defaultMaxBackoff = 5 * time.Second
)

func (o Options) withDefaults() Options {
	unset(&o.Timeout, defaultTimeout)
	unset(&o.Silence, defaultSilence)
	unset(&o.MaxMessage, defaultMaxMessage)
	unset(&o.MaxQueued, defaultMaxQueued)
	unset(&o.MaxBackoff, defaultMaxBackoff)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.OnError == nil {
		log := o.Log
		o.OnError = func(e *frame.Error) { log.Warn("the WebSocket server did not understand a message", "err", e) }
	}
	return o
}

func unset[T comparable](option *T, value T) {
	var zero T
	if *option == zero {
		*option = value
	}
}

// check completes the URL, and says what is wrong with the options.
func (o *Options) check() error {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil:
		return fmt.Errorf("cannot use the URL of a WebSocket server: %w", err)
	case u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "":
		return fmt.Errorf("cannot use %q as the URL of a WebSocket server; it is like ws://127.0.0.1:27759, or wss:// with TLS", o.URL)
	case u.User != nil:
		return fmt.Errorf("cannot use a name or password in the URL of a WebSocket server; there is a token for that")
	case o.Token != "" && !printable(o.Token):
		return fmt.Errorf("cannot use the token: it has blanks or characters that are not ASCII")
	case strings.Trim(o.ApplicationName, appNameChars) != "":
		return fmt.Errorf("cannot use %q as the application name; it is of letters, digits and /_-.=:*@", o.ApplicationName)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = frame.Path
	}
	o.URL = u.String()
	return nil
}

// appNameChars is what an application name is of. A name is of nothing else if nothing
// is left of it when these are cut off.
const appNameChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_-.=:*@"

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}
