package cluster

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// code is what all packages of the repository declare. The values are the files, from
// the repository's root.
type code struct {
	exported map[string]string // package.Name, package.Type.Field, package.Type.Method
	tests    map[string]string // package.TestName, package.ExampleName, zctl.TestScripts/name
	dirs     map[string]string // of package names
}

const root = "../.."

var readCode = sync.OnceValues(func() (code, error) {
	c := code{map[string]string{}, map[string]string{}, map[string]string{}}
	return c, fs.WalkDir(os.DirFS(root), ".", c.visit)
})

// declared fails if two packages have one name: their names could not be told apart.
func declared(t *testing.T) code {
	t.Helper()
	c, err := readCode()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c code) visit(name string, entry fs.DirEntry, err error) error {
	switch base := path.Base(name); {
	case err != nil:
		return err
	case entry.IsDir() && (name == "scripts" || base == "testdata" || strings.HasPrefix(base, ".") && base != "."):
		return fs.SkipDir
	case strings.HasSuffix(base, ".go"):
		return c.read(name)
	}
	return nil
}

func (c code) read(name string) error {
	dir, pkg := path.Dir(name), path.Base(path.Dir(name))
	if c.dirs[pkg] == "" {
		c.dirs[pkg] = dir
		c.addScripts(pkg, dir)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if c.dirs[pkg] != dir {
		return &fs.PathError{Op: "two packages of one name", Path: dir, Err: fs.ErrExist}
	}
	for _, decl := range file.Decls {
		if strings.HasSuffix(name, "_test.go") {
			c.addTest(pkg, name, decl)
		} else {
			c.addNames(pkg, name, decl)
		}
	}
	return nil
}

// addScripts adds the scripts that the package's TestScripts runs.
func (c code) addScripts(pkg, dir string) {
	scripts, _ := filepath.Glob(filepath.Join(root, dir, "testdata/script/*.txtar")) // the pattern is good
	for _, script := range scripts {
		base := filepath.Base(script)
		c.tests[pkg+".TestScripts/"+strings.TrimSuffix(base, ".txtar")] = path.Join(dir, "testdata/script", base)
	}
}

var testName = regexp.MustCompile(`^(Test|Example|Fuzz)([^a-z]|$)`)

func (c code) addTest(pkg, file string, decl ast.Decl) {
	if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && testName.MatchString(f.Name.Name) {
		c.tests[pkg+"."+f.Name.Name] = file
	}
}

func (c code) addNames(pkg, file string, decl ast.Decl) {
	add := func(parts ...string) {
		if !slices.ContainsFunc(parts, func(part string) bool { return !ast.IsExported(part) }) {
			c.exported[pkg+"."+strings.Join(parts, ".")] = file
		}
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			add(decl.Name.Name)
		} else {
			add(receiverType(decl.Recv.List[0].Type), decl.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			addSpec(spec, add)
		}
	}
}

// receiverType is "" for a type that cannot be exported.
func receiverType(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiverType(x.X)
	case *ast.IndexExpr:
		return receiverType(x.X)
	case *ast.IndexListExpr:
		return receiverType(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// addSpec adds what a type, const or var declares.
func addSpec(spec ast.Spec, add func(...string)) {
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

// fullName is name with its package: one without is a method of a node.
func fullName(name string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return "cluster.Cluster." + name
}

// namesIn is the names in a note that can only be Go's: of a package, and exported.
func (c code) namesIn(note string) (all []string) {
	for _, name := range names(note) {
		pkg, member, ok := strings.Cut(name, ".")
		if ok && c.dirs[pkg] != "" && ast.IsExported(member) {
			all = append(all, name)
		}
	}
	return all
}
