package cluster

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the links of docs/cluster-api.md")

// linksBegin is the line behind which the links of docs/cluster-api.md stand.
const linksBegin = "<!-- what follows is written by: go test ./nodes/cluster -run APIDocLinks -update -->"

// TestAPIDocLinks: each name in Go and each test is a link to the file that declares it.
// The links say no line, since those change; whoever moves a declaration writes them anew.
func TestAPIDocLinks(t *testing.T) {
	t.Parallel()
	got := readAPIDoc(t)
	want := linked(t, got)
	switch {
	case got == want:
	case *update:
		if err := os.WriteFile(apiDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("links of %s are not those of the code; run go test ./nodes/cluster -run APIDocLinks -update\nfirst: %s", apiDoc, firstDifference(got, want))
	}
}

// linked is the document with its links.
func linked(t *testing.T, text string) string {
	t.Helper()
	text, _, _ = strings.Cut(text, linksBegin)
	code := declared(t)
	files := map[string]string{}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for _, r := range apiRows(t) {
		for _, name := range r.inGo {
			files[name] = code.exported[fullName(name)]
		}
		for _, name := range r.tests {
			files[name] = code.tests[name]
		}
		cells := strings.Split(lines[r.line-1], "|")
		cells[2], cells[3] = brackets(cells[2]), brackets(cells[3])
		lines[r.line-1] = strings.Join(cells, "|")
	}
	lines = append(lines, "", linksBegin, "")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		lines = append(lines, fmt.Sprintf("[`%s`]: ../%s", name, files[name]))
	}
	return strings.Join(lines, "\n") + "\n"
}

// brackets makes names references to links.
func brackets(cell string) string {
	return quoted.ReplaceAllString(strings.NewReplacer("[`", "`", "`]", "`").Replace(cell), "[`$1`]")
}

func firstDifference(got, want string) string {
	lines := strings.Split(got, "\n")
	for i, line := range strings.Split(want, "\n") {
		if i >= len(lines) || lines[i] != line {
			return line
		}
	}
	return lines[strings.Count(want, "\n")+1]
}
