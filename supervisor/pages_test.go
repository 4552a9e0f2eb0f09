package supervisor

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReadOnlyMappings(t *testing.T) {
	t.Parallel()
	const maps = `00400000-00a4f000 r-xp 00000000 fe:00 1234                               /usr/bin/zctl
00a4f000-01023000 r--p 0064f000 fe:00 1234                               /usr/bin/zctl
01023000-0108a000 rw-p 00c23000 fe:00 1234                               /usr/bin/zctl
0108a000-010d2000 rw-p 00000000 00:00 0 
7ffd1d9a0000-7ffd1d9c1000 rw-p 00000000 00:00 0                          [stack]
7ffd1d9e0000-7ffd1d9e2000 r-xp 00000000 00:00 0                          [vdso]
7f0000000000-7f0000001000 r--p 00000000 fe:00 1235                       /usr/bin/zctl2
7f0000002000-7f0000003000 r--s 00000000 fe:00 1234                       /usr/bin/zctl
`
	want := []mapping{{0x400000, 0xa4f000}, {0xa4f000, 0x1023000}}
	if got := readOnly(strings.NewReader(maps), "/usr/bin/zctl"); !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	all := []mapping{{10, 20}, {20, 30}, {40, 50}}
	for _, test := range []struct{ parts, want []mapping }{
		{nil, all},
		{all, nil},
		{[]mapping{{10, 30}}, []mapping{{40, 50}}},
		{[]mapping{{12, 14}, {16, 22}, {49, 50}}, []mapping{{10, 12}, {14, 16}, {22, 30}, {40, 49}}},
		{[]mapping{{0, 10}, {30, 40}, {60, 70}}, all},
	} {
		if got := without(all, test.parts); !slices.Equal(got, test.want) {
			t.Errorf("without %v: got %v, want %v", test.parts, got, test.want)
		}
	}
}

// A program has fewer pages in memory after it gave them back, keeps those that were
// needed, and goes on as if nothing had happened.
func TestGiveBack(t *testing.T) { // not parallel: the others look at pages, too
	program, err := ownProgram()
	if err != nil || len(program) == 0 {
		t.Fatalf("our own program is mapped at %x, %v", program, err)
	}
	size := func() (bytes uintptr) {
		t.Helper()
		there, err := present(program)
		if err != nil {
			t.Skip(err)
		}
		for _, m := range there {
			bytes += m.end - m.start
		}
		return bytes
	}
	var p pages
	before := size()
	p.giveBack()
	after := size()
	if after == 0 || after >= before {
		t.Errorf("%d bytes before, %d after", before, after)
	}
	for _, m := range program { // all of it is needed
		if _, _, err := unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_POPULATE_READ); err != 0 {
			t.Skipf("this kernel does not populate mappings: %v", err)
		}
	}
	all := size()
	p.learn()
	p.giveBack()
	if kept := size(); kept != all || all <= after {
		t.Errorf("%d bytes were needed, %d were kept (%d without)", all, kept, after)
	}
	if !p.idle.Load() {
		t.Error("it is not idle")
	}
}
