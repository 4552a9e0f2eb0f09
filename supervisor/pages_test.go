package supervisor

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestProgramPages(t *testing.T) {
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
	want := []mapping{{0xa4f000, 0x1023000}}
	if got := programPages(strings.NewReader(maps), "/usr/bin/zctl"); !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// The program goes on as if nothing had happened.
func TestForgetPages(t *testing.T) {
	t.Parallel()
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	defer maps.Close()
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if len(programPages(maps, self)) == 0 {
		t.Error("the pages of this program were not found")
	}
	for range 10 {
		giveBack()
	}
}
