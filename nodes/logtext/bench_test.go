package logtext

import (
	"strings"
	"testing"
)

// BenchmarkTSV and BenchmarkJSON format the recorded conn batches.
func BenchmarkTSV(b *testing.B)  { benchmark(b, "conn", Defaults()) }
func BenchmarkJSON(b *testing.B) { benchmark(b, "conn", jsonOptions()) }

// BenchmarkStreams formats the batches of each stream.
func BenchmarkStreams(b *testing.B) {
	for _, path := range strings.Fields("dns files http ssl") {
		b.Run("tsv-"+path, func(b *testing.B) { benchmark(b, path, Defaults()) })
		b.Run("json-"+path, func(b *testing.B) { benchmark(b, path, jsonOptions()) })
	}
}

func jsonOptions() Options {
	o := Defaults()
	o.UseJSON = true
	return o
}

func benchmark(b *testing.B, path string, options Options) {
	var whole batch
	for _, part := range recorded(b) {
		if part.Path == path {
			whole.Header = part.Header
			whole.records = append(whole.records, part.records...)
			whole.n += part.n
		}
	}
	f, err := New(whole.Header, options)
	if err != nil {
		b.Fatal(err)
	}
	text, err := f.Append(nil, whole.records, whole.n)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if text, err = f.Append(text[:0], whole.records, whole.n); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*whole.n), "ns/record")
}
