package control

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newMember makes a node of the default layout, or with no name a client.
func newMember(t *testing.T, name string) *cluster.Cluster {
	t.Helper()
	o := cluster.Options{Node: name, Layout: layoutgen.Default().Layout()} // manager logger-1 proxy-1 worker-1 worker-2
	o.NodeID = fmt.Sprintf("test_%s_%p", name, o.Layout)
	c, err := cluster.New(o)
	check(t, err)
	return c
}

// join has a member run until the test ends, or until it is stopped.
func join(t *testing.T, bus *cluster.Bus, c *cluster.Cluster, with ...func(context.Context)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.Run(ctx, bus.Connect); err != nil {
			t.Error(err)
		}
	})
	for _, f := range with {
		running.Go(func() { f(ctx) })
	}
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	check(t, c.WaitReady(soon(t)))
	return stop
}

// node is a node in Go that answers.
type node struct {
	*Controllee
	c    *cluster.Cluster
	down chan struct{} // gets something when it is told to shut down
	stop func()
}

func newNode(t *testing.T, bus *cluster.Bus, name string) *node {
	t.Helper()
	n := &node{c: newMember(t, name), down: make(chan struct{}, 10)}
	n.Controllee = NewControllee(n.c, Options{
		Node:     name,
		Option:   func(id string) (string, bool) { return "option of " + name, id == "Cluster::option" },
		Shutdown: func() { n.down <- struct{}{} },
	})
	n.stop = join(t, bus, n.c, n.Run)
	return n
}

func newController(t *testing.T, bus *cluster.Bus) *Controller {
	t.Helper()
	c := newMember(t, "")
	co, err := NewController(c)
	check(t, err)
	join(t, bus, c)
	return co
}

// ask is all answers, as texts or errors.
func ask(t *testing.T, ctx context.Context, co *Controller, q Question, nodes ...string) map[string]string {
	t.Helper()
	answers := map[string]string{}
	err := co.Ask(ctx, q, nodes, func(a Answer) {
		if _, twice := answers[a.Node]; twice {
			t.Errorf("%s answered twice", a.Node)
		}
		answers[a.Node] = a.Text
		if a.Err != nil {
			answers[a.Node] = "error: " + a.Err.Error()
		}
	})
	check(t, err)
	return answers
}

// expect checks answers, given as node, text, node, text.
func expect(t *testing.T, got map[string]string, want ...string) {
	t.Helper()
	all := map[string]string{}
	for pair := range slices.Chunk(want, 2) {
		all[pair[0]] = pair[1]
	}
	if !maps.Equal(got, all) {
		t.Errorf("got  %q\nwant %q", got, all)
	}
}

// stranger is on the bus as what is no cluster.Cluster: it hears what is sent to a node, and
// says what it likes.
type stranger struct {
	cluster.Backend
	id    string
	heard chan event.Event
}

func newStranger(t *testing.T, bus *cluster.Bus, topics ...string) *stranger {
	t.Helper()
	s := &stranger{id: "stranger_" + strings.Join(topics, "_"), heard: make(chan event.Event, 100)}
	backend, err := bus.Connect(s)
	check(t, err)
	s.Backend = backend
	for _, topic := range topics {
		check(t, backend.Subscribe(topic))
	}
	t.Cleanup(func() { backend.Close() })
	return s
}

func (s *stranger) Subscribed(string)   {}
func (s *stranger) Unsubscribed(string) {}
func (s *stranger) Malformed()          {}
func (s *stranger) Lost(error)          {}
func (s *stranger) Message(_, sender, format, payload []byte) {
	if ev, err := event.Decode(string(format), payload); err == nil && string(sender) != s.id {
		s.heard <- ev
	}
}

func (s *stranger) next(t *testing.T) event.Event {
	t.Helper()
	select {
	case ev := <-s.heard:
		return ev
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return event.Event{}
}

func (s *stranger) say(t *testing.T, topic string, ev event.Event) {
	t.Helper()
	check(t, s.Publish(topic, s.id, event.FormatBin, ev.Append(nil)))
}

// recorded is a message of a recording.
type recorded struct {
	topic   string
	payload []byte
	event   event.Event
}

func recording(t *testing.T) (all []recorded) {
	t.Helper()
	f, err := os.Open("testdata/control-bus.jsonl")
	check(t, err)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct {
			Frames []string `json:"frames_hex"`
		}
		check(t, json.Unmarshal(lines.Bytes(), &line))
		topic, err := hex.DecodeString(line.Frames[0])
		check(t, err)
		payload, err := hex.DecodeString(line.Frames[3])
		check(t, err)
		ev, err := event.Decode(event.FormatBin, payload)
		check(t, err)
		all = append(all, recorded{string(topic), payload, ev})
	}
	if len(all) != 20 {
		t.Fatalf("%d messages are recorded", len(all))
	}
	return all
}

// newZeek is a node that answers exactly as the recorded one of that name did: what is in
// the metadata of a request it passes over.
func newZeek(t *testing.T, bus *cluster.Bus, name string) {
	t.Helper()
	s := newStranger(t, bus, cluster.NodeTopic(name))
	all := recording(t)
	go func() {
		for ev := range s.heard {
			for i := range len(all) - 1 {
				asked, answer := all[i], all[i+1]
				if asked.topic == cluster.NodeTopic(name) && asked.event.String() == ev.String() {
					s.Publish(answer.topic, s.id, event.FormatBin, answer.payload)
				}
			}
		}
	}()
	t.Cleanup(func() { s.Close(); close(s.heard) })
}
