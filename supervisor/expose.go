package supervisor

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Metrics says where a supervisor serves its numbers, which are those of package
// supervisor/metrics, and what else is served there.
type Metrics struct {
	// Listen is an IP address and a port.
	Listen string `json:"listen"`
	// Nodes says that what the nodes themselves serve is to be had there, too.
	Nodes bool `json:"nodes,omitempty"`
}

func (m *Metrics) check() error {
	if m == nil {
		return nil
	}
	if at, err := netip.ParseAddrPort(m.Listen); err != nil || at.Port() == 0 {
		return fmt.Errorf("cannot serve metrics at %q; give an IP address and a port, like 127.0.0.1:9990", m.Listen)
	}
	return nil
}

// metricsAt is where a node serves its own numbers; not valid if it serves none.
func (d Deployment) metricsAt(s Spec) netip.AddrPort {
	address, err := netip.ParseAddr(d.MetricsAddress)
	if err != nil {
		address, err = netip.ParseAddr(s.Address)
	}
	if err != nil || s.MetricsPort == 0 {
		return netip.AddrPort{}
	}
	switch address.WithZone("") {
	case netip.IPv4Unspecified():
		address = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case netip.IPv6Unspecified():
		address = netip.IPv6Loopback()
	}
	return netip.AddrPortFrom(address, uint16(s.MetricsPort))
}

// MetricsTarget is where a node serves its own numbers.
type MetricsTarget struct {
	Node    string
	Address netip.AddrPort
}

// MetricsTargets is where nodes that run serve their own numbers. It waits for nothing.
func (s *Supervisor) MetricsTargets() []MetricsTarget {
	s.mu.Lock()
	d := s.deployment
	s.mu.Unlock()
	var all []MetricsTarget
	for _, n := range s.all() {
		snap := n.snapshot.Load()
		if at := d.metricsAt(snap.spec); at.IsValid() && snap.id.PID != 0 {
			all = append(all, MetricsTarget{n.name, at})
		}
	}
	return all
}

// Exposer serves what a supervisor knows to monitoring.
type Exposer interface {
	// Expose serves as m says from now on, and no more as it said before; nil is
	// nowhere. If it fails, nothing has changed.
	Expose(s *Supervisor, m *Metrics) error
}

// exposure keeps an [Exposer] serving what was deployed last.
type exposure struct {
	s       *Supervisor
	problem atomic.Value // string: why it does not, "" if it does
	where   atomic.Value // string: where it does, "" if nowhere

	mu   sync.Mutex // guards what follows
	want *Metrics
	over bool // nothing is served any more
}

func newExposure(s *Supervisor) *exposure {
	e := &exposure{s: s}
	e.problem.Store("")
	e.where.Store("")
	return e
}

// exposeAgain is how long after it could not serve a supervisor tries again.
const exposeAgain = 5 * time.Second

// set serves as m says. If that fails, as before.
func (e *exposure) set(m *Metrics) error {
	if e.s.Exposer == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over {
		return nil
	}
	return e.expose(m)
}

// expose serves as m says, and notes that. e.mu is held.
func (e *exposure) expose(m *Metrics) error {
	if err := e.s.Exposer.Expose(e.s, m); err != nil {
		return err
	}
	e.want = m
	e.problem.Store("")
	if m == nil {
		e.where.Store("")
	} else {
		e.where.Store(m.Listen)
	}
	return nil
}

// keep is set for what was deployed before: it tries again until that works, or
// something else is set.
func (e *exposure) keep(m *Metrics) {
	err := e.set(m)
	if err == nil {
		return
	}
	e.mu.Lock()
	e.want = m
	e.mu.Unlock()
	e.s.event("%v", err)
	e.problem.Store(err.Error())
	e.s.background(func() {
		for e.s.ctx.Err() == nil && !e.retry(m) {
			select {
			case <-time.After(exposeAgain):
			case <-e.s.ctx.Done():
			}
		}
	})
}

// retry says whether there is nothing more to try.
func (e *exposure) retry(m *Metrics) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.want != m || e.over {
		return true
	}
	return e.expose(m) == nil
}

// at is where something is served, "" if nothing is. It waits for nothing.
func (e *exposure) at() string { return e.where.Load().(string) }

// end serves nothing any more.
func (e *exposure) end() {
	if e.s.Exposer == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = true
	_ = e.expose(nil) // ending can always be done
}
