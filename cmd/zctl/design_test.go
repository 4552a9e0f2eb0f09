package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// packages maps the directory of each package to what it imports of ours, in
// its sources without tests. A package comment is demanded on the way.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	root := os.DirFS("../..")
	imports := map[string][]string{}
	documented := map[string]bool{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir := filepath.Dir(name)
		documented[dir] = documented[dir] || f.Doc != nil
		imports[dir] = append(imports[dir], []string{}...)
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if ours, ok := strings.CutPrefix(path, "zctl/"); ok {
				imports[dir] = append(imports[dir], ours)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
	return imports
}

// TestArrows holds the packages to who may import whom.
func TestArrows(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{ // by top-level directory
		"cmd":         {"supervisor", "nodes", "layoutgen", "cpuaffinity"},
		"supervisor":  {"supervisor", "layoutgen", "cpuaffinity"},
		"nodes":       {"nodes", "layoutgen"},
		"layoutgen":   {"layoutgen"},
		"cpuaffinity": {},
		"scripts":     {"supervisor", "nodes", "layoutgen", "cpuaffinity"},
	}
	seen := packages(t)
	if len(seen) < 15 {
		t.Fatalf("found %d packages", len(seen))
	}
	for dir, imports := range seen {
		top, _, _ := strings.Cut(dir, "/")
		if _, known := allowed[top]; !known {
			t.Errorf("%s: there should be no such directory at the top", dir)
		}
		for _, path := range imports {
			to, _, _ := strings.Cut(path, "/")
			if !slices.Contains(allowed[top], to) {
				t.Errorf("%s imports %s", dir, path)
			}
		}
	}
}
