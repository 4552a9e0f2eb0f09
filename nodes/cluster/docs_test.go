package cluster

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const apiDoc = "../../docs/cluster-api.md"

// packages is where the Go names in the table are of.
var packages = map[string]string{
	"nodes": "..", "cluster": ".", "event": "../event", "zmq": "../zmq", "curve": "../zmq/curve", "logwire": "../logwire", "layoutgen": "../../layoutgen",
}

// row is one row of the table.
type row struct {
	line       int
	zeek, inGo []string
	goCell     string
	notes      string
}

var quoted = regexp.MustCompile("`([^`]+)`")

func names(cell string) (all []string) {
	for _, match := range quoted.FindAllStringSubmatch(cell, -1) {
		all = append(all, match[1])
	}
	return all
}

// apiRows reads all tables that begin with "Zeek name". A name $x is the field x of
// the record before it.
func apiRows(t *testing.T) []row {
	t.Helper()
	f, err := os.Open(apiDoc)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []row
	inTable := false
	scanner := bufio.NewScanner(f)
	for line := 1; scanner.Scan(); line++ {
		text := scanner.Text()
		switch {
		case text == "| Zeek name | Go name | notes |":
			inTable = true
		case !strings.HasPrefix(text, "|"):
			inTable = false
		case inTable && text != "|---|---|---|":
			cells := strings.Split(text, "|")
			if len(cells) != 5 {
				t.Fatalf("%s:%d: %d cells", apiDoc, line, len(cells)-2)
			}
			rows = append(rows, row{line, zeekNames(cells[1]), names(cells[2]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])})
		}
	}
	return rows
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

// TestAPIDocNamesZeek: everything that Zeek documents has one row, with a name in Go,
// or a note that says why there is none.
func TestAPIDocNamesZeek(t *testing.T) {
	t.Parallel()
	at := map[string]int{}
	for _, r := range apiRows(t) {
		if len(r.zeek) == 0 || r.goCell == "" {
			t.Errorf("%s:%d: a row without names", apiDoc, r.line)
		}
		if len(r.inGo) == 0 && (r.goCell != "–" || r.notes == "") {
			t.Errorf("%s:%d: no name in Go and no note", apiDoc, r.line)
		}
		for _, name := range r.zeek {
			if at[name] != 0 {
				t.Errorf("%s:%d: %s is at %d already", apiDoc, r.line, name, at[name])
			}
			at[name] = r.line
		}
	}
	list, err := os.ReadFile("testdata/zeek-names.txt")
	if err != nil {
		t.Fatal(err)
	}
	wanted := 0
	for name := range strings.Lines(string(list)) {
		if name = strings.TrimSpace(name); name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		wanted++
		if at[name] == 0 {
			t.Errorf("no row for %s in %s", name, apiDoc)
		}
	}
	if wanted < 200 {
		t.Errorf("only %d names are listed", wanted)
	}
}

// TestAPIDocNamesGo: every name in Go is there and exported.
func TestAPIDocNamesGo(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for name, dir := range packages {
		declared(t, name, dir, known)
	}
	for _, r := range apiRows(t) {
		for _, name := range append(r.inGo, goNames(r.notes)...) {
			full := name
			if !strings.Contains(name, ".") {
				full = "cluster.Cluster." + name
			}
			if !known[full] {
				t.Errorf("%s:%d: no %s in the code", apiDoc, r.line, full)
			}
		}
	}
}

// goNames is the names in a note that can only be Go's.
func goNames(note string) (all []string) {
	for _, name := range names(note) {
		before, _, _ := strings.Cut(name, ".")
		if _, isPackage := packages[before]; isPackage && strings.Contains(name, ".") {
			all = append(all, name)
		}
	}
	return all
}

// declared adds all exported names of a package: p.Name, p.Type.Field, p.Type.Method.
func declared(t *testing.T, name, dir string, known map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no package in", dir, err)
	}
	add := func(parts ...string) {
		if !slices.ContainsFunc(parts, func(part string) bool { return !ast.IsExported(part) }) {
			known[name+"."+strings.Join(parts, ".")] = true
		}
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			declaredIn(decl, add)
		}
	}
}

func declaredIn(decl ast.Decl, add func(...string)) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			add(decl.Name.Name)
		} else {
			add(receiverType(decl.Recv.List[0].Type), decl.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			declaredBy(spec, add)
		}
	}
}

func receiverType(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiverType(x.X)
	case *ast.IndexExpr:
		return receiverType(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// declaredBy adds what a type, const or var declares.
func declaredBy(spec ast.Spec, add func(...string)) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, ident := range spec.Names {
			add(ident.Name)
		}
	case *ast.TypeSpec:
		add(spec.Name.Name)
		var members *ast.FieldList
		switch of := spec.Type.(type) {
		case *ast.StructType:
			members = of.Fields
		case *ast.InterfaceType:
			members = of.Methods
		default:
			return
		}
		for _, member := range members.List {
			for _, ident := range member.Names {
				add(spec.Name.Name, ident.Name)
			}
		}
	}
}
