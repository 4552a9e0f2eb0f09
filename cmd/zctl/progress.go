package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"zctl/supervisor"
	"zctl/supervisor/lifecycle"
)

// progress tells somebody who waits what happens meanwhile: on a terminal as
// one line that changes, elsewhere as a line for each node that got somewhere.
type progress struct {
	w        io.Writer
	terminal bool
	width    int // of the terminal
	begun    time.Time
	phase    map[string]lifecycle.Phase
	order    []string
	step     string // of a rolling deploy, as it was told last
}

func newProgress(w io.Writer) *progress {
	width, ok := terminal(w)
	return &progress{w: w, terminal: ok, width: width, begun: time.Now(), phase: map[string]lifecycle.Phase{}}
}

// event is called with everything that happens.
func (p *progress) event(e supervisor.Event) {
	if e.Step > 0 && e.Cause != p.step {
		p.step = e.Cause
		p.done()
		fmt.Fprintln(p.w, plain(e.Cause))
	}
	if e.Node == "" || e.To == "" {
		if e.Node != "" && strings.HasPrefix(e.Cause, "cannot ") { // it goes on, but not as it should
			p.done()
			say(p.w, e.Node+": "+plain(e.Cause))
		}
		return
	}
	phase := lifecycle.Phase(e.To)
	if _, known := p.phase[e.Node]; !known {
		p.order = append(p.order, e.Node)
	}
	p.phase[e.Node] = phase
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", clip(p.line(), p.width))
		return
	}
	switch phase {
	case lifecycle.Ready, lifecycle.Stopped, lifecycle.Backoff, lifecycle.Failed:
		fmt.Fprintf(p.w, "%s %s (%s)\n", e.Node, phase, plain(e.Cause))
	}
}

// line is where all nodes have got to, for a terminal.
func (p *progress) line() string {
	count := map[lifecycle.Phase]int{}
	var waiting []string
	for _, name := range p.order {
		phase := p.phase[name]
		count[phase]++
		switch phase {
		case lifecycle.Ready, lifecycle.Stopped:
		default:
			waiting = append(waiting, name+" "+string(phase))
		}
	}
	var parts []string
	for _, phase := range []lifecycle.Phase{lifecycle.Ready, lifecycle.Stopped} {
		if count[phase] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[phase], phase))
		}
	}
	const most = 4
	if len(waiting) > most {
		waiting = append(waiting[:most], fmt.Sprintf("%d more", len(waiting)-most))
	}
	if len(waiting) > 0 {
		parts = append(parts, "waiting for "+strings.Join(waiting, ", "))
	}
	return strings.Join(parts, "; ")
}

// done ends the display.
func (p *progress) done() {
	if p.terminal && len(p.order) > 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// conclude says what an operation achieved and makes an exit code of it. verb
// is what the good nodes are, like "ready".
func (p *progress) conclude(r supervisor.Result, verb string) error {
	p.done()
	good := 0
	for _, n := range r.Nodes {
		if n.OK {
			good++
			continue
		}
		text := fmt.Sprintf("%s is %s", n.Name, n.State)
		if n.Message != "" {
			text += ": " + plain(n.Message)
		}
		say(p.w, text)
	}
	took := time.Since(p.begun).Round(time.Millisecond)
	generation := ""
	if r.Generation != "" {
		generation = ", generation " + short(r.Generation)
	}
	fmt.Fprintf(p.w, "%d of %d nodes %s after %v%s\n", good, len(r.Nodes), verb, took, generation)
	switch {
	case r.Rolling != nil && r.Rolling.Stopped != "":
		if text := r.Rolling.String(); text != p.step {
			say(p.w, plain(text))
		}
		for _, line := range r.Rolling.Advice() {
			say(p.w, line)
		}
		return &exitError{exitFailed, nil}
	case r.TimedOut:
		return &exitError{exitTimedOut, fmt.Errorf("timed out; the cluster goes on without us, see zctl status")}
	case good < len(r.Nodes):
		return &exitError{exitFailed, nil}
	}
	return nil
}
