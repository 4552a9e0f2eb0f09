package cluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
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
		key, err := ParseKey(r.Type, r.Value)
		if err != nil {
			t.Error(err)
		}
		digest := key.Digest()
		if digest != r.FNV {
			t.Errorf("%s %s has digest %d, want %d", r.Type, r.Value, digest, r.FNV)
			continue
		}
		var sites []uint32
		if got := Rank(key, proxies)[0].Name; got != r.Picks[len(proxies)-1] {
			t.Errorf("%s %s: %s is first, want %s", r.Type, r.Value, got, r.Picks[len(proxies)-1])
		}
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

// TestHRWBySpec: the values that the specification gives (cluster-framework 1.9).
func TestHRWBySpec(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]uint32{
		"proxy-1": 2719221839, "proxy-2": 1703397214, "proxy-3": 1271239173, "proxy-4": 1726366684, "worker-1": 4178617771,
		"worker-2": 3162793146, "worker-10": 3218048001, "logger-1": 406203821, "logger-2": 1739014960, "manager": 1059896130,
	} {
		if got := SiteID(name); got != want {
			t.Errorf("site of %s is %d, want %d", name, got, want)
		}
	}
	four := []string{"proxy-1", "proxy-2", "proxy-3", "proxy-4"}
	for _, test := range []struct {
		key    Key
		digest uint32
		first  string
	}{
		{StringKey("a"), 0xe40c292c, ""},
		{StringKey("foobar"), 0xbf9cf968, ""},
		{mustKey(t, uint64(123)), 0xc5b442fd, ""},
		{mustKey(t, 123.0), 0x15d2016f, ""},
		{mustKey(t, true), 0x6c1151a5, ""},
		{mustKey(t, false), 0x0eaff284, ""},
		{StringKey("example_key1"), 0xdc62e2e0, "proxy-4"},
		{StringKey("192.168.1.10"), 0xebe180fc, "proxy-2"},
		{mustKey(t, netip.MustParseAddr("192.168.1.10")), 0xae633275, "proxy-4"},
		{mustKey(t, netip.MustParseAddr("2001:db8::1")), 0x8cd152e2, "proxy-4"},
		{mustKey(t, uint64(42)), 0x39e5298c, "proxy-4"},
		{StringKey("192.168.1.1080/tcp"), 0x27ec6a7c, "proxy-2"},
	} {
		if got := test.key.Digest(); got != test.digest {
			t.Errorf("%+v has digest %08x, want %08x", test.key, got, test.digest)
		}
		if got := Rank(test.key, four)[0].Name; test.first != "" && got != test.first {
			t.Errorf("%+v goes to %s, want %s", test.key, got, test.first)
		}
	}
}

// TestRank: who comes next is who is responsible when all before it are down.
func TestRank(t *testing.T) {
	t.Parallel()
	names := []string{"proxy-3", "proxy-1", "proxy-10", "proxy-2"}
	key := StringKey("example")
	for _, want := range Rank(key, names) {
		if got := Rank(key, names)[0]; got != want {
			t.Errorf("of %v %v is first, want %v", names, got, want)
		}
		names = slices.DeleteFunc(names, func(name string) bool { return name == want.Name })
	}
	if got := Rank(key, nil); len(got) != 0 {
		t.Errorf("of nobody %v", got)
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
		{event.Port{Number: 80, Protocol: event.TCP}, literal(t, "80/tcp")},
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
		{Key{}, "the zero Key"},
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

// BenchmarkPick is what PublishHRW does to find the node for a string key among
// ten.
func BenchmarkPick(b *testing.B) {
	p := NewPools(false)
	var names []string
	for i := range 10 {
		names = append(names, fmt.Sprintf("proxy-%d", i+1))
	}
	if err := p.Assign(layoutOf(names...), ""); err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		p.Mark(name, true)
	}
	pool := p.Builtin(layoutgen.TypeProxy)
	var key any = "192.168.1.1080/tcp"
	b.ReportAllocs()
	for b.Loop() {
		k, err := KeyOf(key)
		if err != nil || pool.hrwTopic(k) == "" {
			b.Fatal(err)
		}
	}
}
