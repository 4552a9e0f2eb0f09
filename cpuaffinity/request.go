package cpuaffinity

// Policy says what happens to a node for which no CPU is left: on_shortage in the configuration.
type Policy string

const (
	PolicyError Policy = "error" // the plan fails; also what the empty Policy means
	PolicyShare Policy = "share" // the node shares CPUs with others
)

// Request is one node's wish.
type Request struct {
	Node     string
	Group    string // nodes of one configuration section; workers of a group take the items of CPUs one after the other
	Worker   bool   // wants one CPU for itself; others take a set
	Auto     bool   // cpus = "auto"; CPUs is ignored
	CPUs     List   // the explicit list of the group when !Auto; empty and !Auto: not pinned
	NIC      string // interface name without packet source prefix, "" if none
	Shortage Policy
}

// explicit reports whether the node is pinned by a list of the operator's.
func (r Request) explicit() bool { return !r.Auto && len(r.CPUs) > 0 }

// strict reports whether the node would rather not run than share.
func (r Request) strict() bool { return r.Shortage != PolicyShare }

// Assignment is where one node runs.
type Assignment struct {
	Node   string
	CPUs   List   // empty: not pinned
	Shared bool   // some other node has one of these CPUs too although exclusive ones were wanted
	Note   string // short, for people: "numa 0, eth0-local", "numa 0; shared with worker-1: 2 CPUs for 4 workers"
}
