package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// foreignPorts reports ports that nodes which are to be started would listen at,
// but some other program does: a second cluster with the same ports would not
// only fail to start, its nodes would join the bus of the first.
func foreignPorts(config *layoutgen.Config, changes []supervisor.Change) error {
	layout := config.Layout()
	var fresh []string
	for _, c := range changes {
		switch c.Action {
		case supervisor.ChangeStart:
			fresh = append(fresh, c.Node)
		case supervisor.ChangeStop, supervisor.ChangeRestart:
			return nil // ports may pass from one of our nodes to another
		}
	}
	var errs []error
	for _, node := range layout.Processes() {
		if !slices.Contains(fresh, node.Name) {
			continue
		}
		for _, l := range append(listens(layout, node), webSocketListener(config, node)...) {
			if inUse(l.address) {
				errs = append(errs, fmt.Errorf("%s cannot listen at %s (%s): another program does, maybe another cluster; end that, or choose other ports",
					node.Name, l.address, l.key))
			}
		}
	}
	if len(errs) > 0 {
		return &exitError{exitUsage, errors.Join(errs...)}
	}
	return nil
}

// listener is where a node listens, and the key of the configuration that says so.
type listener struct{ address, key string }

// listens is where a node will listen for sure; what a program of the user's own
// does nobody knows.
func listens(layout *layoutgen.Layout, node layoutgen.Node) []listener {
	if node.Process.Engine != layoutgen.EngineZeek && node.Process.Command != "" {
		return nil
	}
	var all []listener
	if layout.RunsBroker(node) {
		all = append(all,
			listener{hostPort(layout.Backend.ListenXPub), "broker.xpub_port"},
			listener{hostPort(layout.Backend.ListenXSub), "broker.xsub_port"})
	}
	if node.Type == layoutgen.TypeLogger || node.Type == layoutgen.TypeManager && layout.ManagerIsLogger {
		all = append(all, listener{netip.AddrPortFrom(node.Address, uint16(node.Port)).String(), node.Section + ".port"})
	}
	if metrics, err := netip.ParseAddr(layout.MetricsAddress); err == nil && node.MetricsPort != 0 {
		all = append(all, listener{netip.AddrPortFrom(metrics, uint16(node.MetricsPort)).String(), "cluster.metrics_port"})
	}
	return all
}

// hostPort is what package net calls a ZeroMQ endpoint.
func hostPort(endpoint string) string {
	return strings.Replace(strings.TrimPrefix(endpoint, "tcp://"), "*:", ":", 1)
}

// inUse says whether somebody listens there.
func inUse(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if n, _ := strconv.Atoi(port); err != nil || n == 0 {
		return false
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return errors.Is(err, unix.EADDRINUSE)
	}
	l.Close()
	return false
}
