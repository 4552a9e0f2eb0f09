package parse

import "testing"

func TestPace(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, test := range []struct {
		what   string
		cpus   int
		memory int64
		seen   []int64
		want   int
	}{
		{"before anything is known", 8, 1 << 40, nil, 1},
		{"as many as fit", 8, 1000 * mib, []int64{300 * mib}, 3},
		{"by the largest so far", 8, 1000 * mib, []int64{100 * mib, 500 * mib, 100 * mib}, 2},
		{"no more than there are CPUs", 2, 1000 * mib, []int64{mib}, 2},
		{"one, however large it is", 8, 100 * mib, []int64{300 * mib}, 1},
		{"one, without any memory", 8, 0, []int64{mib}, 1},
		{"what could not be started takes nothing", 4, 100 * mib, []int64{0}, 4},
	} {
		p := pace{cpus: test.cpus, memory: test.memory}
		for _, rss := range test.seen {
			p.learn(rss)
		}
		if got := p.atOnce(); got != test.want {
			t.Errorf("%s: %d at once, want %d", test.what, got, test.want)
		}
	}
}
