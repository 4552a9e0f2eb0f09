package tap

import (
	"testing"
	"time"

	"zctl/nodes/event"
)

// BenchmarkAppend decodes and prints a typical event of six arguments.
func BenchmarkAppend(b *testing.B) {
	m := message("zeek.cluster.worker", "zeromq_manager_host_1_Nabc", event.FormatBin, string(bin("Mod::ev",
		event.String("some text"), event.Count(42), event.Timestamp(time.Unix(1, 5)), event.PortValue(event.Port{Number: 443, Protocol: event.TCP}),
		event.Boolean(true), event.List(event.Real(1.5), event.EnumValue("Notice::LOG")))))
	for name, appendTo := range map[string]func(Decoded, []byte) []byte{"text": Decoded.AppendText, "json": Decoded.AppendJSON} {
		b.Run(name, func(b *testing.B) {
			var line []byte
			b.ReportAllocs()
			for b.Loop() {
				line = appendTo(m.Decode(), line[:0])
			}
			b.SetBytes(int64(len(line)))
		})
	}
}
