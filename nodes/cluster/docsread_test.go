package cluster

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

const (
	apiDoc  = "../../docs/cluster-api.md"
	apiHead = "| Zeek name | Go name | test | notes |"
	none    = "–" // in a cell: there is none
)

// row is one row of the tables.
type row struct {
	line              int
	zeek, inGo, tests []string
	goCell, testCell  string
	notes             string
}

var quoted = regexp.MustCompile("`([^`]+)`")

func names(cell string) (all []string) {
	for _, match := range quoted.FindAllStringSubmatch(cell, -1) {
		all = append(all, match[1])
	}
	return all
}

func readAPIDoc(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(apiDoc)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// apiRows reads all tables that begin with "Zeek name". A name $x is the field x of
// the record before it.
func apiRows(t *testing.T) (rows []row) {
	t.Helper()
	inTable := false
	for i, text := range strings.Split(readAPIDoc(t), "\n") {
		switch {
		case text == apiHead:
			inTable = true
		case !strings.HasPrefix(text, "|"):
			inTable = false
		case strings.HasPrefix(text, "| Zeek name"):
			t.Fatalf("%s:%d: a table with another head than %s", apiDoc, i+1, apiHead)
		case inTable && text != "|---|---|---|---|":
			cells := strings.Split(text, "|")
			if len(cells) != 6 {
				t.Fatalf("%s:%d: %d cells, not 4", apiDoc, i+1, len(cells)-2)
			}
			rows = append(rows, rowOf(i+1, cells))
		}
	}
	return rows
}

func rowOf(line int, cells []string) row {
	return row{
		line: line,
		zeek: zeekNames(cells[1]), inGo: names(cells[2]), tests: names(cells[3]),
		goCell: strings.TrimSpace(cells[2]), testCell: strings.TrimSpace(cells[3]),
		notes: strings.TrimSpace(cells[4]),
	}
}

func zeekNames(cell string) []string {
	all := names(cell)
	record := ""
	for i, name := range all {
		if strings.HasPrefix(name, "$") {
			all[i] = record + name
		} else {
			record = name
		}
	}
	return all
}
