package imports

import (
	"fmt"
	"strings"
	"testing"
)

// TestBounds: files that are short, but would make very much, are refused.
func TestBounds(t *testing.T) {
	t.Parallel()
	var sections, faces, chain strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&sections, "[w%d]\ntype=worker\nhost=localhost\nlb_method=custom\nlb_procs=9999\n", i)
		fmt.Fprintf(&faces, "[interface i%d]\ninterface=eth0\nworkers=9999\n", i)
	}
	for i := range 9 {
		fmt.Fprintf(&chain, "k%d=%s\n", i, strings.Repeat(fmt.Sprintf("%%(k%d)s", i+1), 100))
	}
	const node = "[zeek]\ntype=standalone\nhost=localhost\n"
	tests := []struct{ name, text, want string }{
		{"nodes", sections.String(), "there are more than 10000 nodes before this one"},
		{"references", node + chain.String() + "k9=x\n", "k0: the values it refers to are too long"},
		{"loop", node + "a=%(b)s\nb=%(a)s\n", "a: the values it refers to are too long, or refer to each other"},
		{"defaults", "[DEFAULT]\n" + strings.Repeat("a=1\n", 4000) + strings.ReplaceAll(sections.String(), "lb_procs=9999", ""), "there are 4000 keys in DEFAULT for 3000 sections"},
		{"lines", node + strings.Repeat("#\n", maxLines+1), "is it the right file?"},
		{"bytes", node + "# " + strings.Repeat("x", maxSize), "is it the right file?"},
		{"binary", node + "\x00\xff", "it is not UTF-8 text"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := NodeCfg(Source{"node.cfg", test.text}, Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %.1000v", err)
			}
		})
	}
	for text, want := range map[string]string{
		"[zeek]\nmanager=1\n" + faces.String():               "there are more than 200 sections",
		"interface=eth0\nworkers=2000000000\n":               "give 0 to 10000",
		"interface=eth0\nworkers_cpu_list=0-65535,0-65536\n": "", // the second is wrong, the first counts
	} {
		_, err := ZeekConf(Source{"zeek.conf", text}, Options{})
		if (err != nil || want != "") && !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%.60q: error %.1000v, want %q", text, err, want)
		}
	}
}
