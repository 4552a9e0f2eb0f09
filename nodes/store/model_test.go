package store

import (
	"fmt"
	"slices"
	"strings"
)

// model is what a store should be: a map, and nothing clever. Keys and values are as Zeek
// prints them.
type model map[string]string

// apply does what an operation asks for, unless it is refused.
func (m model) apply(op *Op) (fine bool) {
	key := op.Key.String()
	was, exists := m[key]
	switch op.Kind {
	case OpPut:
		m[key] = op.Value.String()
	case OpPutUnique:
		if exists {
			return false
		}
		m[key] = op.Value.String()
	case OpErase:
		delete(m, key)
	case OpClear:
		clear(m)
	case OpIncrement:
		n := 0
		fmt.Sscan(was, &n)
		m[key] = fmt.Sprint(n + 1)
	case OpPush:
		list := was
		if !exists {
			list = "[]"
		}
		before, is := strings.CutSuffix(list, "]")
		if !is {
			return false
		}
		if before != "[" {
			before += ", "
		}
		m[key] = before + op.Value.String() + "]"
	case OpAppend:
		if strings.HasPrefix(was, "[") {
			return false
		}
		m[key] = was + op.Value.String()
	}
	return true
}

// follow is apply of a change.
func (m model) follow(ch Change) {
	switch ch.Kind {
	case ChangePut:
		m[ch.Key.String()] = ch.Value.String()
	case ChangeErase, ChangeExpire:
		delete(m, ch.Key.String())
	case ChangeClear:
		clear(m)
	}
}

func (m model) equal(c *Contents) bool {
	if len(m) != c.Len() {
		return false
	}
	for key, e := range c.All() {
		if v, ok := m[key.String()]; !ok || v != e.Value.String() {
			return false
		}
	}
	return true
}

// dump is contents, in order.
func dump(c *Contents) string {
	var lines []string
	for key, e := range c.All() {
		lines = append(lines, fmt.Sprintf("%v: %v", key, e.Value))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
