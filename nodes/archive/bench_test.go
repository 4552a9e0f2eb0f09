package archive

import (
	"os"
	"testing"
)

// BenchmarkArchive is how fast a log is archived, on one CPU: bytes of the log
// per second.
func BenchmarkArchive(b *testing.B) {
	var text []byte // 8 MiB, random but for its form: few logs compress worse
	for i := range 16 {
		text = append(text, bigText(uint64(i))...)
	}
	for _, pack := range []Compression{Gzip, Zstd, Plain} {
		b.Run(string(pack), func(b *testing.B) {
			root := b.TempDir()
			s := utc(root)
			s.Compression = pack
			b.SetBytes(int64(len(text)))
			var size int64
			for b.Loop() {
				if err := os.WriteFile(root+"/conn.log", text, 0o644); err != nil {
					b.Fatal(err)
				}
				log := must(s.Archive(background, job(root+"/conn.log", "conn", "")))
				size = log.Size
				if err := os.Remove(log.Path); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)/float64(len(text))*100, "%size")
		})
	}
}
