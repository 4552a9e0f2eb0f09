// Package lazyregexp compiles regular expressions when they are first used. One program
// is the command line, the supervisor and every node, and each of them would otherwise
// compile, and keep, those of all the others whenever it starts.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New is a regular expression that is compiled by the first call. It panics then if expr
// is none, so every expression needs a test that uses it.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
