package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// evaluated has a script's Prometheus evaluate an expression.
func evaluated(ts *testscript.TestScript, expr string) string {
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Get("http://127.0.0.1:" + ts.Getenv("PROMETHEUS") + "/api/v1/query?" + url.Values{"query": {expr}}.Encode())
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// query waits until what an expression is in Prometheus matches: query EXPR REGEXP
func query(ts *testscript.TestScript, neg bool, args []string) {
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	got := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got = evaluated(ts, args[0]); re.MatchString(got) {
			return
		}
	}
	ts.Fatalf("%s never matched %s: %s", args[0], args[1], got)
}

// dashboard has Prometheus evaluate all expressions of a dashboard: dashboard FILE
func dashboard(ts *testscript.TestScript, neg bool, args []string) {
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &d))
	var asked, answered int
	for end := time.Now().Add(time.Minute); answered < 15 && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		asked, answered = 0, 0 // rates have none before they were scraped twice
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				expr := strings.NewReplacer("$node", ".*", "$__rate_interval", "1m").Replace(target.Expr)
				got := evaluated(ts, expr)
				if !strings.HasPrefix(got, `{"status":"success"`) {
					ts.Fatalf("panel %s: %s: %s", p.Title, expr, got)
				}
				if asked++; !strings.Contains(got, `"result":[]`) {
					answered++
				}
			}
		}
	}
	fmt.Fprintf(ts.Stdout(), "%d queries, of which %d have an answer\n", asked, answered)
	if asked < 40 || answered < 15 { // there is no Zeek, no store, no WebSocket client, and nothing is wrong
		ts.Fatalf("%d queries, of which %d have an answer", asked, answered)
	}
}
