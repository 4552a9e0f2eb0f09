package store

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"zctl/nodes/cluster"
)

// Seen is a store as it shows on the bus: by what is subscribed there.
type Seen struct {
	Name   string
	Master bool     // there is one, or more
	Clones []string // the ids of the nodes and clients that have clones
}

// See is the stores that show in the topics that are subscribed on a bus, by name.
func See(subscribed []string) []Seen {
	var all []Seen
	for _, topic := range subscribed {
		name, kind, ok := parseTopic(topic)
		if !ok {
			continue
		}
		i := slices.IndexFunc(all, func(s Seen) bool { return s.Name == name })
		if i < 0 {
			i, all = len(all), append(all, Seen{Name: name})
		}
		id, isClone := strings.CutPrefix(kind, "clone/")
		switch {
		case kind == "master":
			all[i].Master = true
		case isClone:
			node, _, _ := strings.Cut(unescape(strings.TrimSuffix(id, "/")), "/")
			all[i].Clones = append(all[i].Clones, node)
		}
	}
	slices.SortFunc(all, func(a, b Seen) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// parseTopic is the name of a store in a topic, and what stands behind it.
func parseTopic(topic string) (name, kind string, ok bool) {
	rest, ok := strings.CutPrefix(topic, topicRoot)
	if !ok {
		return "", "", false
	}
	name, kind, ok = strings.Cut(rest, "/")
	name = unescape(name)
	return name, kind, ok && checkName(name) == nil
}

// unescape is the way back from escape; what never was escaped stays as it is.
func unescape(name string) string {
	if plain, err := url.PathUnescape(name); err == nil {
		return plain
	}
	return name
}

// HearMaster calls f with the node id of a store's master whenever that says that it is
// alive, twice a second, until stop is called. f must not block. It is for who has not
// opened the store.
func HearMaster(c *cluster.Cluster, name string, f func(node string)) (stop func(), err error) {
	topic := topicsOf(name).clones
	undo := c.Intercept(topic, func(r cluster.Received) {
		if r.Event.Name == eventAlive {
			f(strings.Clone(r.Sender))
		}
	})
	if err := c.Subscribe(topic); err != nil {
		undo()
		return nil, err
	}
	return func() { undo(); c.Unsubscribe(topic) }, nil
}
