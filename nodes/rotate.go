package nodes

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"zctl/layoutgen"
)

// Loggers are told over the bus to rotate their logs, by an event with the id of the
// request and the topic for the answer, which has that id again, the name of the node,
// how many logs were rotated, and what went wrong. A request is repeated until it is
// answered, and done once.
const (
	rotateEvent  = "Zctl::rotate_logs"
	rotatedEvent = "Zctl::logs_rotated"
	askEvery     = 200 * time.Millisecond
)

// Rotated is what a logger says that was told to rotate its logs.
type Rotated struct {
	Node  string // its name
	Logs  uint64 // how many had records; they are archived in the background
	Error string // what went wrong, "" if nothing did
}

// rotator rotates a logger's logs once for each request. Rotating may take long, so
// it is not done where events are handled.
type rotator struct {
	all sync.WaitGroup

	mu      sync.Mutex // guards what follows
	request string     // the last one
	answer  *Rotated   // nil while it is worked on
}

// handleRotate makes a logger that writes files rotate them when it is told to.
func (n *Node) handleRotate() error {
	if !n.TakesLogs() || n.o.LogWriter != nil {
		return nil
	}
	return Handle(n, rotateEvent, func(ctx context.Context, request, topic string) error {
		answer, first := n.rotate.asked(request)
		switch {
		case answer != nil:
			return n.Publish(ctx, topic, rotatedEvent, request, answer.Node, answer.Logs, answer.Error)
		case first:
			n.rotate.all.Go(func() { n.rotate.answered(n.rotateFiles()) })
		}
		return nil
	})
}

// asked notes a request. It returns the answer, if there is one by now, and whether
// the request is to be worked on. Only one is at a time; others have to wait.
func (r *rotator) asked(request string) (answer *Rotated, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.request == request {
		return r.answer, false
	}
	if r.request != "" && r.answer == nil {
		return nil, false
	}
	r.request, r.answer = request, nil
	return nil, true
}

func (r *rotator) answered(a Rotated) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = &a
}

func (n *Node) rotateFiles() Rotated {
	a := Rotated{Node: n.o.Name}
	if n.files == nil {
		a.Error = "cannot rotate logs: the node has none"
		return a
	}
	rotated, err := n.files.rotate()
	a.Logs = uint64(rotated)
	if err != nil {
		a.Error = err.Error()
	}
	n.o.Log.Info("rotated logs, as somebody asked for", "logs", rotated, "err", a.Error)
	return a
}

// RotateLogs tells the named loggers of the cluster whose broker is at backend's
// ConnectXSub and ConnectXPub to rotate their logs now, and calls answered for each
// that did or could not. They have to be loggers in Go that write files. When ctx
// ends before all have answered the error says who did not.
func RotateLogs(ctx context.Context, backend layoutgen.Backend, o Options, loggers []string, answered func(Rotated)) error {
	n, err := NewClient(backend, o)
	if err != nil {
		return err
	}
	request := rand.Text()
	answers := make(chan Rotated, len(loggers))
	err = Handle(n, rotatedEvent, func(_ context.Context, to, node string, logs uint64, problem string) error {
		if to == request {
			select {
			case answers <- Rotated{node, logs, problem}:
			default: // an answer to a question that was repeated
			}
		}
		return nil
	})
	topic := "zctl.logs_rotated." + request
	if err = errors.Join(err, n.Subscribe(topic)); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- n.Run(running) }()
	err = n.askToRotate(ctx, request, topic, slices.Clone(loggers), answers, answered)
	stop()
	return errors.Join(err, <-ended)
}

// askToRotate asks those that have not answered, again and again.
func (n *Node) askToRotate(ctx context.Context, request, topic string, loggers []string, answers <-chan Rotated, answered func(Rotated)) error {
	if err := n.WaitReady(ctx); err != nil {
		return fmt.Errorf("cannot reach the broker at %s and %s: %w; zctl status shows whether it runs", n.backend.ConnectXSub, n.backend.ConnectXPub, err)
	}
	again := time.NewTicker(askEvery)
	defer again.Stop()
	for ask := true; len(loggers) > 0; {
		if ask {
			for _, name := range loggers {
				n.Publish(ctx, n.NodeTopic(name), rotateEvent, request, topic) // what is lost is repeated
			}
		}
		select {
		case a := <-answers:
			if i := slices.Index(loggers, a.Node); i >= 0 {
				loggers = slices.Delete(loggers, i, i+1)
				answered(a)
			}
			ask = false
		case <-again.C:
			ask = true
		case <-ctx.Done():
			return fmt.Errorf("no answer from %s: %w; zctl status shows whether it has trouble, and the rotation may still come", shortList(loggers), context.Cause(ctx))
		}
	}
	return nil
}
