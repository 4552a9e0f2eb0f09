// Command grafana prints the Grafana dashboard of a cluster, which lies beside it:
//
//	go run ./scripts/grafana > scripts/grafana/zctl.json
//
// What is in it is said in panels.go. It works with either way to scrape a cluster (see
// docs/telemetry.md), and connects to nothing.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cannot print the dashboard:", err)
		os.Exit(1)
	}
}

func write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(dashboard())
}

// object is one of Grafana's; what keys mean is in its documentation ("Dashboard JSON
// model").
type object = map[string]any

func dashboard() object {
	return object{
		"title":         "Zeek cluster (zctl)",
		"uid":           "zctl-cluster",
		"tags":          []string{"zeek", "zctl"},
		"schemaVersion": 38,
		"editable":      true,
		"refresh":       "30s",
		"time":          object{"from": "now-6h", "to": "now"},
		"templating":    object{"list": variables()},
		"panels":        laidOut(rows),
	}
}

var source = object{"type": "prometheus", "uid": "${source}"}

// variables are what can be chosen above the panels.
func variables() []object {
	nodes := "label_values(process_resident_memory_bytes{node!=\"\"}, node)"
	return []object{
		{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
		{
			"name": "node", "label": "Node", "type": "query", "datasource": source, "query": object{"query": nodes, "refId": "nodes"},
			"refresh": 2, "sort": 1, "multi": true, "includeAll": true, "allValue": ".*", "current": object{"text": "All", "value": "$__all"},
		},
	}
}

// Panels are laid out three to a line of 24 columns.
const (
	perLine = 3
	width   = 24 / perLine
	height  = 8
)

// laidOut is the panels of all rows, each row below its title.
func laidOut(rows []row) []object {
	var all []object
	y := 0
	for _, r := range rows {
		all = append(all, object{"id": len(all) + 1, "type": "row", "title": r.title, "collapsed": false, "gridPos": object{"x": 0, "y": y, "w": 24, "h": 1}, "panels": []object{}})
		y++
		for i, p := range r.panels {
			o := p.object(len(all) + 1)
			o["gridPos"] = object{"x": i % perLine * width, "y": y + i/perLine*height, "w": width, "h": height}
			all = append(all, o)
		}
		y += (len(r.panels) + perLine - 1) / perLine * height
	}
	return all
}

func (p panel) object(id int) object {
	var targets []object
	for i, q := range p.queries {
		targets = append(targets, object{"refId": string(rune('A' + i)), "datasource": source, "expr": q.expr, "legendFormat": q.legend})
	}
	o := object{
		"id": id, "type": "timeseries", "title": p.title, "description": p.about, "datasource": source, "targets": targets,
		"fieldConfig": object{"defaults": object{"unit": p.unit, "min": 0}, "overrides": []object{}},
	}
	if p.now {
		o["type"] = "stat"
		for _, t := range targets {
			t["instant"] = true
		}
	}
	return o
}
