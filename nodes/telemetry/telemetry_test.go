package telemetry

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func metrics(emit func(Metric)) {
	emit(Count("zctl_things_total", "Things.", 42))
	emit(Gauge("zctl_level", "Level.", 1.5, "side", "left"))
	emit(Gauge("zctl_level", "Level.", -2, "side", "right"))
	emit(Truth("zctl_stuck", "1 if stuck.", true))
	emit(Metric{Name: "zctl_sizes", Help: "Sizes.", Labels: []string{"side", "left"}, Histogram: &Histogram{Count: 3, Sum: 1010.5, Bounds: []float64{10, 100}, Below: []uint64{1, 2}}})
}

func serve(t *testing.T, o Options) string {
	t.Helper()
	s, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"), o)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, s)
}

func start(t *testing.T, s *Server) string {
	t.Helper()
	s.Serve()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + s.Address().String()
}

func get(t *testing.T, url string) (code int, kind, body string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), string(text)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	url := serve(t, Options{Node: "worker-1", Read: metrics})
	code, kind, body := get(t, url+"/metrics")
	if code != 200 || !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("got %d %s", code, kind)
	}
	for _, line := range []string{
		`# TYPE zctl_things_total counter`,
		`zctl_things_total{node="worker-1"} 42`,
		`zctl_level{node="worker-1",side="left"} 1.5`,
		`zctl_level{node="worker-1",side="right"} -2`,
		`zctl_stuck{node="worker-1"} 1`,
		`# TYPE zctl_sizes histogram`,
		`zctl_sizes_bucket{node="worker-1",side="left",le="10"} 1`,
		`zctl_sizes_bucket{node="worker-1",side="left",le="100"} 2`,
		`zctl_sizes_bucket{node="worker-1",side="left",le="+Inf"} 3`,
		`zctl_sizes_sum{node="worker-1",side="left"} 1010.5`,
		`# TYPE process_cpu_user_seconds_total counter`,
		`# TYPE process_resident_memory_bytes gauge`,
		`# TYPE process_open_fds gauge`,
		`# TYPE go_goroutines gauge`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if code, _, _ := get(t, url+"/services.json"); code != 404 {
		t.Errorf("a node that is no manager answers /services.json with %d", code)
	}
}

// promtool has Prometheus' own tool look at a text: it has nothing to say against it.
func promtool(t *testing.T, body string) {
	t.Helper()
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Log("not checked with promtool, which is not there (Debian: prometheus)")
		return
	}
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = strings.NewReader(body)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestPromtool(t *testing.T) {
	t.Parallel()
	_, _, body := get(t, serve(t, Options{Node: "manager", Read: metrics})+"/metrics")
	promtool(t, body)
}

func TestServices(t *testing.T) {
	t.Parallel()
	url := serve(t, Options{Node: "manager", Read: metrics, Targets: func() []netip.AddrPort {
		return []netip.AddrPort{netip.MustParseAddrPort("[fe80::1]:9993"), netip.MustParseAddrPort("127.0.0.1:9992"), netip.MustParseAddrPort("127.0.0.1:9991")}
	}})
	_, kind, body := get(t, url+"/services.json")
	if want := `[{"targets":["127.0.0.1:9991","127.0.0.1:9992","[fe80::1]:9993"],"labels":{}}]`; strings.TrimSpace(body) != want || kind != "application/json" || !json.Valid([]byte(body)) {
		t.Errorf("got %s %s, want %s", kind, body, want)
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = Listen(netip.MustParseAddrPort(l.Addr().String()), Options{Node: "n", Read: metrics})
	if want := "cannot serve metrics at " + l.Addr().String() + ": bind: address already in use; "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s…", err, want)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var wrong atomic.Value
	wrong.Store("")
	url := serve(t, Options{Node: "n", Read: metrics, Health: func() string { return wrong.Load().(string) }})
	if code, _, body := get(t, url+"/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("got %d %q", code, body)
	}
	wrong.Store("no room on disk")
	if code, _, body := get(t, url+"/healthz"); code != 503 || body != "no room on disk\n" {
		t.Errorf("got %d %q", code, body)
	}
}

// Metrics that make no sense cost nobody the others.
func TestInvalidMetric(t *testing.T) {
	t.Parallel()
	url := serve(t, Options{Node: "n", Read: func(emit func(Metric)) {
		emit(Gauge("not a name", "", 1))
		metrics(emit)
	}})
	if code, _, body := get(t, url+"/metrics"); code != 200 || !strings.Contains(body, "zctl_things_total") {
		t.Errorf("got %d", code)
	}
}

func TestManyScrapesAtOnce(t *testing.T) {
	t.Parallel()
	s, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"), Options{Node: "n", Read: metrics})
	if err != nil {
		t.Fatal(err)
	}
	s.listener.silent = time.Hour // on a loaded machine a client may be silent before it asks
	url := start(t, s)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if code, _, _ := get(t, url+"/metrics"); code != 200 && code != 503 {
				t.Errorf("got %d", code)
			}
		})
	}
	all.Wait()
}
