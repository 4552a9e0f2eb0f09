// Package telemetry serves the numbers of a node to Prometheus, at the paths and by the
// names of Zeek (spec: cluster-framework 4), and those of its process and of the Go
// runtime. It counts nothing itself: who has numbers is asked for them at every scrape,
// so that counting costs a node what it did before.
//
//	GET /metrics        everything, each sample with the label node
//	GET /healthz        200 and ok, or 503 and what is wrong
//	GET /services.json  on a manager: the targets of all nodes, for Prometheus' HTTP discovery
package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Options says what is served.
type Options struct {
	// Node is the label node of every sample: Zeek's Telemetry::metrics_endpoint_name.
	// Without one there is no such label, nor anything about process and Go runtime.
	Node string
	// Process begins the names of what is said of the process nevertheless; "":
	// nothing is.
	Process string
	// Read hands out the node's metrics as they are now. It is called by several
	// goroutines, and must not wait for anything.
	Read func(emit func(Metric))
	// Targets is where every node of the cluster serves its metrics, this one included;
	// nil: it is not asked, and there is no /services.json.
	Targets func() []netip.AddrPort
	// Others is where to get what others serve, at every scrape, and serve it, too: one
	// target instead of many. What each serves has the label node, and how that went is
	// a metric. nil: nobody.
	Others func() []Target
	// Health says what is wrong, "" if nothing is; nil: nothing ever is.
	Health func() string
	// Setting is the key of the configuration that has the port, for messages; "":
	// cluster.metrics_port.
	Setting string
	// Log is where failures go that no scrape hears of; nil discards them.
	Log *slog.Logger
}

// Server has the port, and answers scrapes once it serves.
type Server struct {
	http     *http.Server
	listener *room
}

// What a client may ask of a node: it is there to do other things.
const (
	maxScrapes   = 4  // at a time; the others get 503
	maxClients   = 32 // at a time; for others, who has been silent for longest goes
	headTimeout  = 5 * time.Second
	writeTimeout = 10 * time.Second
	idleTimeout  = 2 * time.Minute
	maxHead      = 16 << 10
)

// Listen takes an address, 127.0.0.1:9991, at which nothing is answered before [Server.Serve].
// An error says that it is in use and which configuration it comes from.
func Listen(address netip.AddrPort, o Options) (*Server, error) {
	o = o.withDefaults()
	handler, err := o.handler()
	if err != nil {
		return nil, fmt.Errorf("cannot serve metrics: %w", err)
	}
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		return nil, fmt.Errorf("cannot serve metrics at %s: %w; end what listens there, or choose another port (%s)", address, cause(err), cmp.Or(o.Setting, "cluster.metrics_port, 0 for none"))
	}
	return &Server{listener: newRoom(listener, maxClients), http: &http.Server{
		Handler: attentive(handler), ConnContext: remember,
		ReadHeaderTimeout: headTimeout, ReadTimeout: headTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHead, ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}}, nil
}

func (o Options) withDefaults() Options {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	return o
}

// Serve begins to answer. What Options.Read and Options.Targets need must be there now.
func (s *Server) Serve() { go s.http.Serve(s.listener) } // until Close

// cause is an error without what package net says before it.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// Address is where it listens.
func (s *Server) Address() net.Addr { return s.listener.Addr() }

// Close ends it. Scrapes that are being answered have a moment to finish.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	s.listener.Close() // if it never served
	return err
}
