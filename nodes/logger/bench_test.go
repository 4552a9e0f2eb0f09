package logger

import (
	"encoding/binary"
	"syscall"
	"testing"
	"time"

	"zctl/nodes/logwire"
)

// connBatch is a batch of a thousand recorded conn records.
func connBatch(b *testing.B) []byte {
	b.Helper()
	var batch []byte
	head, n := 0, 0
	for n < 1000 {
		before := n
		for _, payload := range batches(b) {
			header, records, err := logwire.Parse(payload)
			if err != nil {
				b.Fatal(err)
			}
			if header.Path != "conn" || n+records.Records > 1000 {
				continue
			}
			if batch == nil {
				head = records.Offset()
				batch = append(batch, payload[:head]...)
			}
			batch = append(batch, records.Rest()...)
			n += records.Records
		}
		if n == before {
			break
		}
	}
	binary.BigEndian.PutUint32(batch[head-recordCount:], uint32(n))
	return batch
}

// cpu is the CPU time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLogger is what a record costs from the batch to the file, without sockets.
func BenchmarkLogger(b *testing.B) {
	batch := connBatch(b)
	_, records, _ := logwire.Parse(batch)
	n := records.Records
	for _, format := range []Format{TSV, JSON} {
		b.Run(string(format), func(b *testing.B) {
			l, err := New(Options{Dir: b.TempDir(), Text: Text{Format: format}})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				l.Write("sender", batch)
			}
			if err := l.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
			spent := cpu() - before
			all := float64(b.N * n)
			b.ReportMetric(float64(spent.Nanoseconds())/all, "cpu-ns/record")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/all, "ns/record")
			b.ReportMetric(float64(len(batch))/float64(n), "bytes/record")
		})
	}
}
