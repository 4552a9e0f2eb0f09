package control

import (
	"context"
	"sync"
	"time"

	"zctl/nodes/event"
)

// A request is repeated until it is answered. That our subscription is in force at the broker
// does not say that the node knows of it, which comes there on another connection than the
// request; what it publishes before that goes nowhere. Later ones are for messages that got
// lost on a busy bus.
const (
	repeatAfter  = 10 * time.Millisecond // then twice as long, and so on
	repeatAtMost = time.Second
)

// inquiry is one question to several nodes.
type inquiry struct {
	q       Question
	nodes   []string // each once
	answers chan Answer

	mu   sync.Mutex // guards what follows
	owed map[string]bool
}

func newInquiry(q Question, nodes []string) *inquiry {
	i := &inquiry{q: q, owed: map[string]bool{}}
	for _, node := range nodes {
		if !i.owed[node] {
			i.owed[node] = true
			i.nodes = append(i.nodes, node)
		}
	}
	i.answers = make(chan Answer, len(i.nodes))
	return i
}

// settle takes the first answer of a node. It never waits.
func (i *inquiry) settle(a Answer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.owed[a.Node] {
		delete(i.owed, a.Node)
		i.answers <- a
	}
}

// answered takes an answer if it is one to this question.
func (i *inquiry) answered(command Command, node string, ev event.Event) {
	_, n := command.arguments()
	args, ok := texts(ev, n)
	switch {
	case command != i.q.Command, !ok, command == IDValue && args[0] != i.q.ID:
		return
	case n == 0:
		args = []string{""}
	}
	i.settle(Answer{Node: node, Text: args[len(args)-1]})
}

// wait hands out answers until there is one of each node, or ctx ends. Those that still owe
// one are asked again, ever less often.
func (i *inquiry) wait(ctx context.Context, ask func(node string), answered func(Answer)) {
	pause := repeatAfter
	repeat := time.NewTimer(pause)
	defer repeat.Stop()
	for left := len(i.nodes); left > 0; {
		select {
		case a := <-i.answers:
			answered(a)
			left--
		case <-repeat.C:
			for _, node := range i.owing() {
				ask(node)
			}
			pause = min(2*pause, repeatAtMost)
			repeat.Reset(pause)
		case <-ctx.Done():
			for _, node := range i.owing() {
				i.settle(Answer{Node: node, Err: ErrNoAnswer})
			}
			for ; left > 0; left-- {
				answered(<-i.answers)
			}
		}
	}
}

// owing is who still owes an answer, in the order in which they were asked.
func (i *inquiry) owing() (nodes []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, node := range i.nodes {
		if i.owed[node] {
			nodes = append(nodes, node)
		}
	}
	return nodes
}
