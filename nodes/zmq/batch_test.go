package zmq

import (
	"bytes"
	"fmt"
	"math/rand"
	"testing"
)

// wire returns all bytes of a batch.
func (b *batch) wire() []byte {
	return bytes.Join(b.buffers(nil), nil)
}

// addWire appends one encoded message.
func (b *batch) addWire(wire []byte) { b.addRun(run{wire, 1}, nil) }

// oneFrame encodes a message of n bytes on the wire, headers included.
func oneFrame(n int, fill byte) []byte {
	head := shortHeader
	if n-shortHeader > 255 {
		head = longHeader
	}
	return appendFrame(nil, 0, bytes.Repeat([]byte{fill}, n-head))
}

func TestBatchKeepsBytesInOrder(t *testing.T) {
	t.Parallel()
	var b batch
	var want []byte
	for round := range 3 { // the second and third fill what reset left
		for i := range 500 {
			m := message(fmt.Sprint("topic", round, i), string(bytes.Repeat([]byte{byte(i)}, 13*i)))
			want = appendMessage(want, m)
			if i%2 == 0 {
				b.addMessage(m, m.wireSize())
			} else {
				b.addWire(appendMessage(nil, m))
			}
		}
		if b.count != 500 || b.size != len(want) || !bytes.Equal(b.wire(), want) {
			t.Fatalf("round %d: %d messages, %d bytes, want %d", round, b.count, b.size, len(want))
		}
		b.reset()
		want = nil
		if b.count != 0 || b.size != 0 || len(b.wire()) != 0 {
			t.Fatalf("not empty after reset: %+v", b)
		}
	}
}

func TestBatchCopiesShortAndRefersToLong(t *testing.T) {
	t.Parallel()
	short, long := make([]byte, referFrom-1), make([]byte, referFrom)
	var b batch
	b.addWire(short)
	b.addWire(long)
	short[0], long[0] = 1, 1
	if got := b.wire(); got[0] != 0 || got[len(short)] != 1 {
		t.Error("the short message must be copied, the long one must not")
	}
}

// Whatever the kernel took before a connection broke: messages it has whole are gone, all others remain whole.
func TestBatchDropWritten(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(2))
	for range 300 {
		var b batch
		var messages [][]byte
		for range random.Intn(20) {
			n := shortHeader + random.Intn(250)
			if random.Intn(4) == 0 {
				n = 300 + random.Intn(2*referFrom)
			}
			m := oneFrame(n, byte(random.Intn(256)))
			messages = append(messages, m)
			b.addWire(m)
		}
		written := random.Intn(b.size+2) - 1 // -1: not even the control frames before it
		gone, at := 0, 0
		for gone < len(messages) && at+len(messages[gone]) <= written {
			at += len(messages[gone])
			gone++
		}
		b.dropWritten(written)
		want := bytes.Join(messages[gone:], nil)
		if b.count != len(messages)-gone || b.size != len(want) || !bytes.Equal(b.wire(), want) {
			t.Fatalf("%d bytes written of %d messages: %d left, want %d", written, len(messages), b.count, len(messages)-gone)
		}
		next := oneFrame(10, 'n')
		b.addWire(next)
		if !bytes.Equal(b.wire(), append(want, next...)) {
			t.Fatal("cannot append after dropWritten")
		}
	}
}

func TestBatchAdd(t *testing.T) {
	t.Parallel()
	var first, second batch
	a, b, c := oneFrame(5, 'a'), oneFrame(6, 'b'), oneFrame(7, 'c')
	first.addWire(a)
	second.addWire(b)
	second.addWire(c)
	first.add(&second)
	first.dropWritten(len(a) + len(b))
	if !bytes.Equal(first.wire(), c) || first.count != 1 {
		t.Errorf("got %q", first.wire())
	}
}
