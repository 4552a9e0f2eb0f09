package cluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"zctl/nodes/event"
)

// recordedKey is a line of testdata/hrw.jsonl: what Zeek 8.1.2 computed.
type recordedKey struct {
	Type    string            `json:"type"`
	Value   string            `json:"value"`
	FNV     uint32            `json:"fnv1a32"`
	Weights map[string]uint32 `json:"weights"`
	Picks   []string          `json:"picks"` // with one proxy, two, and so on
}

// key makes the key of a line.
func (r recordedKey) key(t *testing.T) Key {
	t.Helper()
	name := EnumKey("transport_proto", r.Value)
	switch {
	case r.Type == "string":
		return mustKey(t, r.Value)
	case r.Type == "enum" && strings.HasPrefix(r.Value, "Cluster::"):
		return EnumKey("Cluster::NodeType", r.Value)
	case r.Type == "enum":
		return name
	case strings.HasPrefix(r.Type, "record"):
		x := KeyField{Name: "x", Key: mustKey(t, 1)}
		y := KeyField{Name: "y", Key: mustKey(t, "a"), Unset: r.Value == "x=1"}
		return RecordKey(x, y)
	}
	v, err := event.ParseLiteral(literalOf(r))
	if err != nil {
		t.Fatal(err)
	}
	return mustKey(t, v)
}

// literalOf is the value as zctl publish takes it.
func literalOf(r recordedKey) string {
	switch r.Type {
	case "int":
		if r.Value[0] != '-' {
			return "+" + r.Value
		}
	case "time":
		var seconds float64
		fmt.Sscan(r.Value, &seconds)
		return time.Unix(0, int64(seconds*1e9)).UTC().Format(time.RFC3339Nano)
	}
	return r.Value
}

func mustKey(t *testing.T, x any) Key {
	t.Helper()
	k, err := KeyOf(x)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestRecordedHRW: digests, weights and picks are those of a running Zeek, for
// every type that it recorded.
func TestRecordedHRW(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/hrw.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	proxies := []string{"proxy-1", "proxy-2", "proxy-3", "proxy-4", "proxy-10"}
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		var r recordedKey
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		digest := r.key(t).Digest()
		if digest != r.FNV {
			t.Errorf("%s %s has digest %d, want %d", r.Type, r.Value, digest, r.FNV)
			continue
		}
		var sites []uint32
		for i, name := range proxies {
			sites = append(sites, SiteID(name))
			if got := Weight(digest, SiteID(name)); got != r.Weights[name] {
				t.Errorf("%s %s: weight of %s is %d, want %d", r.Type, r.Value, name, got, r.Weights[name])
			}
			if got := proxies[heaviest(digest, sites)]; got != r.Picks[i] {
				t.Errorf("%s %s: of %d proxies %s, want %s", r.Type, r.Value, i+1, got, r.Picks[i])
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d keys", n)
	}
}

// TestKeyOf: Go values are keys of Zeek's types, and what cannot be one says why.
func TestKeyOf(t *testing.T) {
	t.Parallel()
	for _, same := range [][2]any{
		{"a", event.String("a")},
		{1, event.Integer(1)},
		{uint8(1), event.Count(1)},
		{90 * time.Second, event.Timespan(90 * time.Second)},
		{[]string{"a"}, event.List(event.String("a"))},
		{mustKey(t, true), event.Boolean(true)},
	} {
		if a, b := mustKey(t, same[0]).Digest(), mustKey(t, same[1]).Digest(); a != b {
			t.Errorf("%v and %v have digests %d and %d", same[0], same[1], a, b)
		}
	}
	for _, test := range []struct {
		x    any
		want string
	}{
		{nil, "none"},
		{map[string]struct{}{"a": {}}, "cannot use a set as key"},
		{map[string]int{"a": 1}, "cannot use a table as key"},
		{event.Enum("tcp"), "use EnumKey"},
		{[]string{}, "empty vector"},
		{[]any{1, "a"}, "several types"},
		{make(chan int), "cannot use a chan int as key"},
	} {
		if _, err := KeyOf(test.x); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.x, err, test.want)
		}
	}
}

// TestHRWStability: when a node goes only its own keys move, and every node gets
// its share.
func TestHRWStability(t *testing.T) {
	t.Parallel()
	var sites []uint32
	for i := range 5 {
		sites = append(sites, SiteID(fmt.Sprintf("proxy-%d", i+1)))
	}
	share := make([]int, len(sites))
	for i := range 5000 {
		d := mustKey(t, fmt.Sprintf("10.0.%d.%d", i/256, i%256)).Digest()
		before := heaviest(d, sites)
		share[before]++
		if after := heaviest(d, sites[:4]); before != 4 && after != before {
			t.Fatalf("key %d moves from %d to %d when 4 goes", i, before, after)
		}
	}
	for i, n := range share {
		if n < 500 {
			t.Errorf("proxy-%d gets %d of 5000 keys", i+1, n)
		}
	}
	if heaviest(1, nil) != -1 {
		t.Error("a pick of nobody")
	}
}
