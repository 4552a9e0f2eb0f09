package cluster

import (
	"os"
	"strings"
	"testing"
)

// TestAPIDocNamesZeek: everything that Zeek documents has one row, with a name in Go,
// or a note that says why there is none.
func TestAPIDocNamesZeek(t *testing.T) {
	t.Parallel()
	at := map[string]int{}
	for _, r := range apiRows(t) {
		if len(r.zeek) == 0 || r.goCell == "" {
			t.Errorf("%s:%d: a row without names", apiDoc, r.line)
		}
		if len(r.inGo) == 0 && (r.goCell != none || r.notes == "") {
			t.Errorf("%s:%d: no name in Go and no note", apiDoc, r.line)
		}
		for _, name := range r.zeek {
			if at[name] != 0 {
				t.Errorf("%s:%d: %s is at %d already", apiDoc, r.line, name, at[name])
			}
			at[name] = r.line
		}
	}
	wanted := listed(t)
	for _, name := range wanted {
		if at[name] == 0 {
			t.Errorf("no row for %s in %s", name, apiDoc)
		}
	}
	if len(wanted) < 250 {
		t.Errorf("only %d names are listed", len(wanted))
	}
}

// listed is the names that Zeek's documentation and scripts have.
func listed(t *testing.T) (all []string) {
	t.Helper()
	list, err := os.ReadFile("testdata/zeek-names.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(list)) {
		if name = strings.TrimSpace(name); name != "" && !strings.HasPrefix(name, "#") {
			all = append(all, name)
		}
	}
	return all
}

// TestAPIDocNamesGo: every name in Go is there and exported.
func TestAPIDocNamesGo(t *testing.T) {
	t.Parallel()
	code := declared(t)
	for _, r := range apiRows(t) {
		for _, name := range append(r.inGo, code.namesIn(r.notes)...) {
			if code.exported[fullName(name)] == "" {
				t.Errorf("%s:%d: no %s in the code", apiDoc, r.line, fullName(name))
			}
		}
	}
}

// TestAPIDocNamesTests: every test that is named is there. What has a name in Go has a
// test; what has none may have one, which shows that it is passed over or refused.
func TestAPIDocNamesTests(t *testing.T) {
	t.Parallel()
	code := declared(t)
	for _, r := range apiRows(t) {
		for _, name := range r.tests {
			if code.tests[name] == "" {
				t.Errorf("%s:%d: no test %s; a name here is package.TestName, or zctl.TestScripts/name of a script", apiDoc, r.line, name)
			}
		}
		if len(r.tests) == 0 && (r.testCell != none || len(r.inGo) > 0) {
			t.Errorf("%s:%d: a name in Go that no test shows; where there is none in Go either, write %s", apiDoc, r.line, none)
		}
	}
}

// TestAPIDocIsComplete: nothing is still to come.
func TestAPIDocIsComplete(t *testing.T) {
	t.Parallel()
	for i, line := range strings.Split(readAPIDoc(t), "\n") {
		if strings.Contains(strings.ToLower(line), "not provided yet") {
			t.Errorf("%s:%d: %s", apiDoc, i+1, line)
		}
	}
}
