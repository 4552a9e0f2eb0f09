package zmq

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// The library's sockets lose subscriptions, broadcast where they should balance, and panic on what a peer sends
// (spec: zmq4 0, 3). Only its handshake may be used.
func TestOnlyTheHandshakeOfTheLibraryIsUsed(t *testing.T) {
	t.Parallel()
	allowed := strings.Fields("Open Security SecurityType NullSecurity CurveSecurity Metadata SocketType SocketIdentity " +
		"Pub Sub XPub XSub Push Pull CmdSubscribe CmdCancel CmdPing CmdPong CmdReady CmdError")
	entries, err := os.ReadDir(".")
	check(t, err)
	uses := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		check(t, err)
		for _, imp := range file.Imports {
			switch path := strings.Trim(imp.Path.Value, `"`); {
			case !strings.Contains(path, "go-zeromq"):
			case imp.Name != nil:
				t.Errorf("%s: imports %s under another name", e.Name(), path)
			case path != "github.com/go-zeromq/zmq4" && path != "github.com/go-zeromq/zmq4/security/null":
				t.Errorf("%s: imports %s", e.Name(), path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "zmq4" {
					uses++
					if !slices.Contains(allowed, sel.Sel.Name) {
						t.Errorf("%s: uses zmq4.%s", e.Name(), sel.Sel.Name)
					}
				}
			}
			return true
		})
	}
	if uses == 0 {
		t.Error("found no use of the library at all: this test looks in the wrong place")
	}
}
