package telemetry

import (
	"fmt"
	"io"
	"net/http/httptest"
	"testing"
)

// BenchmarkScrape is GET /metrics without a network, of a thousand metrics of its own.
func BenchmarkScrape(b *testing.B) {
	for _, many := range []int{100, 1000} {
		for _, zip := range []string{"identity", "gzip"} {
			b.Run(fmt.Sprintf("%d-%s", many, zip), func(b *testing.B) {
				h, err := Options{Node: "n", Read: func(emit func(Metric)) {
					for i := range many {
						emit(Gauge("zctl_level", "Level.", i, "side", fmt.Sprint(i), "state", "ready"))
					}
				}}.withDefaults().handler()
				if err != nil {
					b.Fatal(err)
				}
				r := httptest.NewRequest("GET", "/metrics", nil)
				r.Header.Set("Accept-Encoding", zip)
				b.ReportAllocs()
				for b.Loop() {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					io.Copy(io.Discard, w.Body)
				}
			})
		}
	}
}
