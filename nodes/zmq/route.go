package zmq

// Bounds of a publisher's routes. A cluster has few topics; whoever invents a new one for each message gains nothing from
// having them remembered.
const (
	maxRoutes     = 4096
	maxRouteTopic = 256
)

// routes remembers where the messages of one publisher go, because matching a topic against all subscriptions is dear and
// the next message mostly has the topic of an earlier one. It forgets everything when the table has changed.
//
// It belongs to the publisher's goroutine.
type routes struct {
	table      *table
	generation uint64
	byTopic    map[string]*route
	loads      map[*subscriber]*load
	last       *route
	matched    []*subscriber
}

// route is where the messages of one topic go.
type route struct {
	topic string
	loads []*load // one for each subscriber
}

func newRoutes(t *table) routes {
	return routes{table: t, byTopic: make(map[string]*route), loads: make(map[*subscriber]*load)}
}

// stale says that subscriptions have changed since the routes were found.
func (r *routes) stale() bool { return r.generation != r.table.generation.Load() }

// forget begins anew. No load must wait to be put.
func (r *routes) forget() {
	r.generation = r.table.generation.Load() // before any look-up: what changes later makes us stale
	clear(r.byTopic)
	clear(r.loads)
	r.last = nil
}

// find returns the route of a topic.
func (r *routes) find(topic []byte) *route {
	if r.last != nil && r.last.topic == string(topic) {
		return r.last
	}
	found := r.byTopic[string(topic)]
	if found == nil {
		found = r.look(topic)
	}
	r.last = found
	return found
}

// look asks the table.
func (r *routes) look(topic []byte) *route {
	r.matched = r.table.match(topic, r.matched[:0])
	found := &route{topic: string(topic)}
	for _, s := range r.matched {
		l := r.loads[s]
		if l == nil {
			l = &load{to: s}
			r.loads[s] = l
		}
		found.loads = append(found.loads, l)
	}
	clear(r.matched)
	if len(topic) <= maxRouteTopic && len(r.byTopic) < maxRoutes {
		r.byTopic[found.topic] = found
	}
	return found
}
