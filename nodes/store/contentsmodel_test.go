package store

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"zctl/nodes/event"
)

// plain is what Contents should be: a Go map from the text of keys, and the rules of
// Broker written down once more, in Go's own types.
type plain map[string]plainEntry

type plainEntry struct {
	value    any // uint64, int64, string, []string, map[string]bool, map[string]string
	deadline time.Time
}

// apply does an operation whose operands are a count (n, also its text), and says whether
// it is possible.
func (p plain) apply(kind OpKind, key string, n uint64, expiry time.Duration, now time.Time) bool {
	text := event.Count(n).String()
	e, exists := p[key]
	if exists && !e.deadline.IsZero() && !e.deadline.After(now) {
		exists = false
	}
	var next any
	switch was := e.value; kind {
	case OpErase:
		delete(p, key)
		return true
	case OpClear:
		clear(p)
		return true
	case OpPut:
		next = n
	case OpPutUnique:
		if exists {
			return true
		}
		next = n
	case OpIncrement, OpDecrement:
		sum, isCount := was.(uint64)
		if exists != isCount && exists || !exists && kind == OpDecrement {
			return false
		}
		if !exists {
			sum = 0
		}
		if kind == OpDecrement {
			if n > sum {
				return false
			}
			next = sum - n
		} else {
			next = sum + n
		}
	case OpAppend:
		s, isText := was.(string)
		if exists && !isText {
			return false
		}
		if !exists {
			s = ""
		}
		next = s + text
	case OpPush, OpPop:
		list, isList := was.([]string)
		if exists && !isList || !exists && kind == OpPop {
			return false
		}
		if !exists {
			list = nil
		}
		if kind == OpPush {
			next = append(slices.Clone(list), text)
		} else {
			next = list[:max(0, len(list)-1)]
		}
	case OpInsertIntoSet:
		set, isSet := was.(map[string]bool)
		if exists && !isSet {
			return false
		}
		if set = maps.Clone(set); !exists || set == nil {
			set = map[string]bool{}
		}
		set[text] = true
		next = set
	case OpInsertIntoTable:
		table, isTable := was.(map[string]string)
		if exists && !isTable {
			return false
		}
		if table = maps.Clone(table); !exists || table == nil {
			table = map[string]string{}
		}
		table[text] = text
		next = table
	case OpRemoveFrom:
		if !exists {
			return false
		}
		switch was := was.(type) {
		case map[string]bool:
			was = maps.Clone(was)
			delete(was, text)
			next = was
		case map[string]string:
			was = maps.Clone(was)
			delete(was, text)
			next = was
		default:
			return false
		}
	}
	p[key] = plainEntry{value: next}
	if expiry > 0 {
		p[key] = plainEntry{value: next, deadline: now.Add(expiry)}
	}
	return true
}

// same says whether an entry is a value of Zeek's.
func (e plainEntry) same(got Entry) bool {
	if !e.deadline.Equal(got.Deadline) {
		return false
	}
	switch want := e.value.(type) {
	case uint64:
		n, ok := got.Value.Count()
		return ok && n == want
	case string:
		s, ok := got.Value.Text()
		return ok && s == want
	case []string:
		return got.Value.Kind() == event.KindList && slices.EqualFunc(got.Value.Elems(), want, func(v event.Value, s string) bool { return v.String() == s })
	case map[string]bool:
		has := func(v event.Value) bool { return !want[v.String()] }
		return got.Value.Kind() == event.KindSet && len(got.Value.Elems()) == len(want) && !slices.ContainsFunc(got.Value.Elems(), has)
	case map[string]string:
		has := func(e event.Entry) bool { return want[e.Key.String()] != e.Value.String() }
		return got.Value.Kind() == event.KindTable && len(got.Value.Entries()) == len(want) && !slices.ContainsFunc(got.Value.Entries(), has)
	}
	return false
}

// checkAgainstPlain does operations as bytes say, on Contents, on a copy that only follows,
// and on a plain map, and compares all three after each one.
func checkAgainstPlain(t *testing.T, script []byte) (done int) {
	t.Helper()
	keys := []string{"a", "b", "c"}
	var master, copied Contents
	model, now := plain{}, noon
	follow := func(changes []Change) {
		for _, ch := range changes {
			copied.Follow(ch)
		}
	}
	for ; len(script) >= 4; script = script[4:] {
		kind := OpKind(1 + script[0]%byte(OpClear))
		key, n := keys[int(script[1])%len(keys)], uint64(script[2]%8)
		expiry := time.Duration(script[3]%4) * time.Second
		now = now.Add(time.Duration(script[3]>>4) * 100 * time.Millisecond)
		if script[3]&4 != 0 { // what expired goes, as on a master with time; else it is only taken for gone
			for changes := master.Expired(now); len(changes) > 0; changes = master.Expired(now) {
				for _, ch := range changes {
					if name, _ := ch.Key.Text(); model[name].deadline.IsZero() || model[name].deadline.After(now) {
						t.Fatalf("%s expired at %s: %+v", name, now, model[name])
					}
				}
				follow(changes)
			}
			maps.DeleteFunc(model, func(_ string, e plainEntry) bool { return !e.deadline.IsZero() && !e.deadline.After(now) })
		}
		op := Op{Kind: kind, Key: event.String(key), Index: event.Count(n), Value: event.Count(n), Expiry: expiry}
		if kind == OpAppend {
			op.Value = event.String(event.Count(n).String())
		}
		changes, _, err := master.Apply(op, now)
		follow(changes)
		if possible := model.apply(kind, key, n, expiry, now); possible != (err == nil) {
			t.Fatalf("%s %s %d: possible: %t, error: %v", kind, key, n, possible, err)
		}
		if err == nil {
			done++
		}
		for _, c := range []*Contents{&master, &copied} {
			if c.Len() != len(model) || len(c.Keys()) != len(model) {
				t.Fatalf("after %s %s %d there are %v, want %v", kind, key, n, c.Keys(), model)
			}
			for k, e := range c.All() {
				name, _ := k.Text()
				if want, ok := model[name]; !ok || !want.same(e) {
					t.Fatalf("after %s %s %d: %s is %+v, want %+v (%t)", kind, key, n, name, e, want, ok)
				}
			}
		}
	}
	return done
}

// TestContentsModel: long random scripts.
func TestContentsModel(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 3))
	done := 0
	for range 200 {
		script := make([]byte, 4*200)
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		done += checkAgainstPlain(t, script)
	}
	if done < 10_000 {
		t.Errorf("only %d operations were possible", done)
	}
}

// FuzzContents: no script of operations makes Contents differ from a map.
func FuzzContents(f *testing.F) {
	for kind := range byte(OpClear) {
		f.Add([]byte{kind, 0, 1, 0, kind, 0, 2, 1, kind, 0, 1, 0xf4, 7, 0, 1, 4})
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) < 4*500 {
			checkAgainstPlain(t, script)
		}
	})
}

// FuzzApply: no operation, of whatever values, panics; one that is an error changes
// nothing; and what it makes can be told and told again.
func FuzzApply(f *testing.F) {
	f.Add(byte(OpPush), event.String("k").AppendBin(nil), event.List(event.Count(1)).AppendBin(nil), event.Real(1).AppendBin(nil))
	f.Add(byte(OpIncrement), event.None().AppendBin(nil), event.Timestamp(noon).AppendBin(nil), event.Timespan(1<<62).AppendBin(nil))
	f.Add(byte(OpInsertIntoTable), event.Real(0).AppendBin(nil), event.Table().AppendBin(nil), event.Set(event.Count(3)).AppendBin(nil))
	f.Fuzz(func(t *testing.T, kind byte, key, was, with []byte) {
		k, err1 := event.DecodeValue(key)
		before, err2 := event.DecodeValue(was)
		v, err3 := event.DecodeValue(with)
		if err1 != nil || err2 != nil || err3 != nil {
			return
		}
		var c Contents
		c.Follow(Change{Kind: ChangePut, Key: k, Value: before})
		changes, _, err := c.Apply(Op{Kind: OpKind(kind), Key: k, Index: v, Value: v}, noon)
		after, _ := c.Get(k)
		if err != nil && (!after.Equal(before) || changes != nil) {
			t.Fatalf("%v, and %s became %s", err, before, after)
		}
		for _, ch := range changes {
			again, err := event.DecodeValue(ch.Value.AppendBin(nil))
			if err != nil || !again.Equal(ch.Value) {
				t.Fatalf("%s is %s when decoded, %v", ch.Value, again, err)
			}
		}
	})
}
