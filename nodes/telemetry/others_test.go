package telemetry

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// at is where a server of a test listens.
func at(node, url string) Target {
	return Target{node, netip.MustParseAddrPort(strings.TrimPrefix(url, "http://"))}
}

// serving is a node that serves that.
func serving(t *testing.T, node string, h http.HandlerFunc) Target {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return at(node, s.URL)
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

// zeekMetrics is what a Zeek served: vectors/metrics/worker-1.txt.
func zeekMetrics(t *testing.T) string {
	t.Helper()
	recorded, err := os.ReadFile("testdata/zeek-worker.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(recorded)
}

// scrape gets /metrics as Prometheus does that waits so long.
func scrape(t *testing.T, url string, patience time.Duration) string {
	t.Helper()
	r, err := http.NewRequest("GET", url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(timeoutHeader, fmt.Sprint(patience.Seconds()))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		t.Fatalf("got %s, %v", answer.Status, err)
	}
	return string(body)
}

// scrapeAll is scrape of when these nodes have answered in time: a machine may be slow.
func scrapeAll(t *testing.T, url string, patience time.Duration, nodes ...string) string {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		body := scrape(t, url, patience)
		missing := slices.ContainsFunc(nodes, func(node string) bool {
			return !strings.Contains(body, `zctl_node_metrics_up{node="`+node+`"} 1`)
		})
		if !missing || time.Now().After(end) {
			return body
		}
	}
}

func wantLines(t *testing.T, body string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if strings.Count("\n"+body, "\n"+line+"\n") != 1 {
			t.Errorf("not once: %s", line)
		}
	}
}

// One target for all: Zeek's and ours, whose names and types agree and whose help does
// not.
func TestOthers(t *testing.T) {
	t.Parallel()
	const drops = "zeek_cluster_zeromq_xpub_drops_total"
	ours := at("proxy-1", serve(t, Options{Node: "proxy-1", Read: func(emit func(Metric)) {
		emit(Count(drops, "In other words.", 7))
	}}))
	targets := []Target{serving(t, "worker-1", text(zeekMetrics(t))), ours}
	url := serve(t, Options{Process: "zctl_supervisor", Read: metrics, Others: func() []Target { return targets }})
	body := scrapeAll(t, url, 10*time.Second, "worker-1", "proxy-1")
	wantLines(t, body,
		`zctl_things_total 42`,
		drops+`{node="worker-1"} 0`,
		drops+`{node="proxy-1"} 7`,
		`# TYPE `+drops+` counter`,
		`exposer_scrapes_total{node="worker-1"} 0`, // had no label
		`zeek_active_sessions{node="worker-1",protocol="tcp"} 18`,
		`process_start_time_seconds{node="worker-1"} 1.79517056007692e+09`,
		`zctl_node_metrics_up{node="worker-1"} 1`,
		`zctl_node_metrics_up{node="proxy-1"} 1`,
		`# TYPE zctl_supervisor_process_resident_memory_bytes gauge`,
	)
	if strings.Contains(body, "\ngo_goroutines ") {
		t.Error("the Go runtime of the server itself is there")
	}
	promtool(t, body)
}

// Whatever a node does instead of serving its metrics, all others are served, and that
// one is seen to be missing.
func TestOthersMisbehave(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // connects, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	over := make(chan struct{})
	defer close(over)
	bad := map[string]Target{
		"silent": at("silent", silent.Addr().String()),
		"gone":   at("gone", gone.Addr().String()),
		"half": serving(t, "half", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "half_total 1\n")
			w.(http.Flusher).Flush()
			<-over
		}),
		"garbage": serving(t, "garbage", text("half_total 1\n\x00\xff{{{")),
		"failing": serving(t, "failing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }),
		"referred": serving(t, "referred", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}),
		"endless": serving(t, "endless", func(w http.ResponseWriter, r *http.Request) {
			for i := 0; r.Context().Err() == nil; i++ {
				fmt.Fprintf(w, "half_total{x=\"%d\"} 1\n", i)
			}
		}),
	}
	targets := []Target{serving(t, "good", text("good_total 1\n"))}
	for _, target := range bad {
		targets = append(targets, target)
	}
	url := serve(t, Options{Read: metrics, Others: func() []Target { return targets }})
	body := scrapeAll(t, url, 2*time.Second, "good")
	wantLines(t, body, `zctl_things_total 42`, `good_total{node="good"} 1`, `zctl_node_metrics_up{node="good"} 1`)
	for node := range bad {
		wantLines(t, body, `zctl_node_metrics_up{node="`+node+`"} 0`)
	}
	if strings.Contains(body, "half_total") {
		t.Error("half an answer is there")
	}
	promtool(t, strings.ReplaceAll(body, "# TYPE good_total untyped\n", "# HELP good_total Good.\n# TYPE good_total counter\n"))
}

// Nodes that contradict each other, or themselves, do not spoil the scrape.
func TestOthersContradict(t *testing.T) {
	t.Parallel()
	targets := []Target{
		serving(t, "a", text("# TYPE x_total counter\nx_total 1\n")),
		serving(t, "b", text("# TYPE x_total gauge\nx_total 2\n")),
		serving(t, "c", text("# TYPE y_total counter\ny_total 3\ny_total 4\n")),
		serving(t, "d", text("y_total{node=\"c\"} 5\n")), // says that it is another one
	}
	url := serve(t, Options{Read: metrics, Others: func() []Target { return targets }})
	body := scrapeAll(t, url, 10*time.Second, "a", "b", "c", "d")
	wantLines(t, body, `x_total{node="a"} 1`, `y_total{node="c"} 3`, `zctl_things_total 42`)
	for _, line := range []string{"x_total{node=\"b\"}", "y_total{node=\"c\"} 4", "y_total{node=\"c\"} 5"} {
		if strings.Contains(body, line) {
			t.Errorf("%s is there", line)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	target := serving(t, "worker-1", text(zeekMetrics(t)))
	if err := Write(t.Context(), &out, Options{Read: metrics, Others: func() []Target { return []Target{target} }}); err != nil {
		t.Fatal(err)
	}
	wantLines(t, out.String(), `zctl_things_total 42`, `zeek_active_sessions{node="worker-1",protocol="tcp"} 18`)
	if strings.Contains(out.String(), "go_goroutines") {
		t.Error("something of the process that writes is there")
	}
}
