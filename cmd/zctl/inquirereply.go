package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"zctl/layoutgen"
	"zctl/nodes/control"
)

// reply is what a node answered, or why it did not.
type reply struct {
	layoutgen.Node
	control.Answer
	ours bool // it is a node of the deployed cluster
}

// outcome is what is to be said of all replies by an exit code.
type outcome struct{ asked, failed, late int }

func (o *outcome) add(r reply) {
	o.asked++
	switch {
	case errors.Is(r.Err, control.ErrNoAnswer):
		o.late++
	case r.Err != nil:
		o.failed++
	}
}

// err is nil only if every node has answered.
func (o *outcome) err() error {
	switch {
	case o.late > 0:
		return &exitError{exitTimedOut, nil}
	case o.failed > 0:
		return &exitError{exitFailed, nil}
	case o.asked == 0:
		return &exitError{exitFailed, errors.New("no such node runs")}
	}
	return nil
}

// advice is an error of a reply with what to do about it.
func advice(r reply) string {
	text := plain(r.Err.Error())
	switch {
	case !r.ours:
	case errors.Is(r.Err, control.ErrNotThere):
		text += "; zctl status " + r.Name + " says why"
	case errors.Is(r.Err, control.ErrNoAnswer):
		text += "; zctl diag " + r.Name + " tells how it is"
	}
	return text
}

// plainLines is [plain] for a text of several lines with tabs in them.
func plainLines(text string) string {
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		body, end := strings.CutSuffix(line, "\n")
		for i, cell := range strings.Split(body, "\t") {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(plain(cell))
		}
		if end {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// showError prints why a node did not answer, as zeekctl does, in a column of so many
// characters.
func showError(w io.Writer, r reply, width int, between string) {
	fmt.Fprintf(w, "%*s%s<error: %s>\n", width, plain(r.Name), between, advice(r))
}
