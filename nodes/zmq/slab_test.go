package zmq

import (
	"runtime"
	"testing"
	"weak"
)

// TestSlabLetsGo: a long message is garbage when its handler is done with it, however many
// follow on the connection.
func TestSlabLetsGo(t *testing.T) {
	t.Parallel()
	var s slab
	s.message(packet{wire: make([]byte, 10), spans: []span{{2, 10}}})
	wire := make([]byte, 2*slabBytes)
	s.message(packet{wire: wire, spans: []span{{9, len(wire)}}})
	left := weak.Make(&wire[0])
	runtime.GC()
	if left.Value() != nil {
		t.Error("the bytes of a long message are kept")
	}
	runtime.KeepAlive(&s)
}
