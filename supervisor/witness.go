package supervisor

import (
	"context"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"zctl/layoutgen"
)

// Bus is where one can see who is on the cluster's bus.
type Bus struct {
	// Endpoint is where the nodes connect their XPUB to, which is the XSUB of the
	// broker; "": there is no bus to look at.
	Endpoint string `json:"endpoint"`
	// Keys are the variables with the keys of a bus that is encrypted, as in the
	// environment of the nodes.
	Keys map[string]string `json:"keys,omitempty"`
}

// Sight is what a [Witness] sees at a moment.
type Sight struct {
	// IDs are the node ids of all who are on the bus (spec: wire 5.1).
	IDs []string
	// Problem is why nobody can be seen, "" while they can.
	Problem string
}

// Witness sees who is on a bus, without being there itself.
type Witness interface {
	// Watch calls see with what there is to be seen, from one goroutine and whenever
	// that changes, until ctx ends.
	Watch(ctx context.Context, bus Bus, see func(Sight)) error
}

// lookout keeps a [Witness] at the bus as long as there are processes whose
// readiness depends on it.
type lookout struct {
	s     *Supervisor
	poked chan struct{} // of capacity 1: the nodes or the deployment have changed
	hurry atomic.Bool   // the broker may just have come up
	view  atomic.Pointer[view]
}

// view is what a lookout knows of the bus.
type view struct {
	problem string
	seen    []sighting
}

// sighting is a node id, taken apart.
type sighting struct {
	owner string // NAME_HOST: both may have underscores
	pid   int
}

func newLookout(s *Supervisor) *lookout { return &lookout{s: s, poked: make(chan struct{}, 1)} }

func (l *lookout) poke() {
	select {
	case l.poked <- struct{}{}:
	default:
	}
}

// mayBeUp says that somebody has come up who may be the broker: it is no time to
// wait before connecting to it again.
func (l *lookout) mayBeUp() {
	if v := l.view.Load(); v != nil && v.problem != "" {
		l.hurry.Store(true)
		l.poke()
	}
}

// needed says whether there is a bus to look at at all.
func (l *lookout) needed() bool { return l.s.Witness != nil && l.s.bus().Endpoint != "" }

// bus is the bus of the present deployment.
func (s *Supervisor) bus() Bus {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deployment.Bus == nil {
		return Bus{}
	}
	return *s.deployment.Bus
}

// wanted is the bus to look at now: none while nobody runs who is to be seen there.
func (l *lookout) wanted() Bus {
	for _, n := range l.s.all() {
		if snap := n.snapshot.Load(); snap.spec.ReadyBy == ReadyByZeek && snap.id.PID != 0 {
			return l.s.bus()
		}
	}
	return Bus{}
}

func (l *lookout) run(ctx context.Context) {
	var now Bus
	stop := func() {}
	defer func() { stop() }()
	for {
		select {
		case <-l.poked:
		case <-ctx.Done():
			return
		}
		again := l.hurry.Swap(false)
		if v := l.view.Load(); v == nil || v.problem == "" {
			again = false
		}
		want := l.wanted()
		if reflect.DeepEqual(want, now) && !again {
			continue
		}
		stop()
		l.view.Store(nil)
		now, stop = want, func() {}
		if want.Endpoint != "" {
			stop = l.post(ctx, want)
		}
	}
}

// post has a witness watch a bus until stop is called.
func (l *lookout) post(ctx context.Context, bus Bus) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	l.view.Store(&view{problem: "connecting to " + bus.Endpoint})
	go func() {
		defer close(done)
		err := l.s.Witness.Watch(ctx, bus, func(sight Sight) {
			if ctx.Err() == nil {
				l.see(sight)
			}
		})
		if err != nil && ctx.Err() == nil {
			l.see(Sight{Problem: err.Error()})
			l.s.event("cannot see who is on the bus: %v", err)
		}
	}()
	return func() { cancel(); <-done }
}

// see takes note of what a witness sees. Whoever waits to be seen is told.
func (l *lookout) see(sight Sight) {
	v := &view{problem: sight.Problem}
	for _, id := range sight.IDs {
		if s, ok := parseNodeID(id); ok {
			v.seen = append(v.seen, s)
		}
	}
	l.view.Store(v)
	for _, n := range l.s.all() {
		n.lookAround()
	}
	l.s.news.tell() // what status says has changed
}

// parseNodeID takes apart zeromq_NAME_HOST_PID_UNIQUE.
func parseNodeID(id string) (sighting, bool) {
	rest, ok := strings.CutPrefix(id, "zeromq_")
	unique := strings.LastIndexByte(rest, '_')
	if !ok || unique < 0 {
		return sighting{}, false
	}
	rest = rest[:unique]
	at := strings.LastIndexByte(rest, '_')
	if at < 0 {
		return sighting{}, false
	}
	pid, err := strconv.Atoi(rest[at+1:])
	return sighting{rest[:at], pid}, err == nil && pid > 0
}

// sees says whether a process of a node is on the bus: it or, where the program of
// the node is a script around Zeek, another one of its session.
func (v *view) sees(node string, pid int) bool {
	for _, s := range v.seen {
		if !strings.HasPrefix(s.owner, node+"_") {
			continue
		}
		if s.pid == pid {
			return true
		}
		if session, err := unix.Getsid(s.pid); err == nil && session == pid {
			return true
		}
	}
	return false
}

// crowd is which of these nodes somebody on the bus says to be.
func (v *view) crowd(names []string) map[string]bool {
	there := map[string]bool{}
	for _, s := range v.seen {
		best := ""
		for _, name := range names {
			if len(name) > len(best) && strings.HasPrefix(s.owner, name+"_") {
				best = name
			}
		}
		if best != "" {
			there[best] = true
		}
	}
	return there
}

// peersSeen is how many of the others are on the bus, for each node that does not
// say itself whom it has met; nil while nobody can be seen.
func (l *lookout) peersSeen() func(node string) *Peers {
	v := l.view.Load()
	if v == nil || v.problem != "" {
		return func(string) *Peers { return nil }
	}
	var names []string
	for _, n := range l.s.all() {
		if spec := n.snapshot.Load().spec; spec.Type != layoutgen.TypeBroker && spec.Type != layoutgen.TypeArchiver {
			names = append(names, spec.Name)
		}
	}
	there := v.crowd(names)
	return func(node string) *Peers {
		p := &Peers{Up: len(there), Total: len(names) - 1}
		if there[node] {
			p.Up--
		}
		return p
	}
}
