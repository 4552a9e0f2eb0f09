package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// row is a line of the table: a number of zctl's and what it is compared to.
type row struct {
	what, ours   string
	other, their string
	ratio        string
	target       string
	verdict      string
}

// Verdicts. What has no target has none.
const (
	reached = "ok"
	missed  = "MISSED"
)

func verdict(ok bool) string {
	if ok {
		return reached
	}
	return missed
}

// compare is a row without a target.
func compare(what string, ours sample, other string, their sample) row {
	r := row{what: what, ours: ours.String(), other: other, their: their.String()}
	if their.median() > 0 {
		r.ratio = fmt.Sprintf("%.2f", float64(ours.median())/float64(their.median()))
	}
	return r
}

// within is compare, with the target of at most a multiple of the other.
func within(times float64, what string, ours sample, other string, their sample) row {
	r := compare(what, ours, other, their)
	r.target = fmt.Sprintf("<= %g x", times)
	r.verdict = verdict(float64(ours.median()) <= times*float64(their.median()))
	return r
}

// below is compare, with the target of being faster than the other.
func below(what string, ours sample, other string, their sample) row {
	r := compare(what, ours, other, their)
	r.target = "< 1 x"
	r.verdict = verdict(ours.median() < their.median())
	return r
}

// atMost is compare, with a target of time.
func atMost(limit time.Duration, what string, ours sample, other string, their sample) row {
	r := compare(what, ours, other, their)
	r.target = fmt.Sprintf("<= %v", limit)
	r.verdict = verdict(ours.median() <= limit)
	return r
}

// notInstalled is the row for a contender that cannot take part.
func notInstalled(other string) row {
	return row{other: other, their: "not installed"}
}

func printTable(w io.Writer, rows []row) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tZCTL\tCOMPARED TO\t\tRATIO\tTARGET\t\t")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.what, r.ours, r.other, r.their, r.ratio, r.target, r.verdict)
	}
	t.Flush()
}
