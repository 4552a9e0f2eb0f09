package websocket

import (
	"bytes"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
)

// Everything that was put comes out, in order, once; what waits is bounded; and a small
// part of a large block is copied.
func TestOutbox(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	o := newOutbox(1 << 20)
	var put, got []byte
	next := func() {
		batch, open := o.next(nil)
		if !open {
			t.Fatal("the outbox is closed")
		}
		got = append(got, slices.Concat(batch...)...)
	}
	for n := range 5000 {
		block := bytes.Repeat([]byte{byte(n)}, 1+random.IntN(2000))
		var pieces [][]byte
		for from := 0; from < len(block) && random.IntN(3) > 0; {
			to := min(len(block), from+1+random.IntN(500))
			pieces = append(pieces, block[from:to])
			from = to + random.IntN(1000)
		}
		if !o.take(pieces, len(block)) {
			next()
			continue
		}
		put = append(put, slices.Concat(pieces...)...)
		if random.IntN(20) == 0 {
			next()
		}
	}
	for o.size > 0 {
		next()
	}
	if !bytes.Equal(got, put) {
		t.Errorf("%d bytes came out as %d, or others", len(put), len(got))
	}
	if len(put) < 1<<20 {
		t.Errorf("put only %d bytes", len(put))
	}
}

func TestOutboxBounds(t *testing.T) {
	t.Parallel()
	o := newOutbox(1000)
	if !o.put(make([]byte, 900)) || o.put(make([]byte, 100)) {
		t.Error("what waits is not bounded by its bytes")
	}
	block := make([]byte, 1000)
	o = newOutbox(1000)
	o.take([][]byte{block[:10:10]}, len(block))
	block[0] = 1
	batch, _ := o.next(nil)
	if batch[0][0] != 0 {
		t.Error("a small part of a block keeps the block")
	}
	o.close()
	if !o.put(block) {
		t.Error("a closed outbox is full")
	}
	if batch, open := o.next(nil); open || len(batch) > 0 {
		t.Error("a closed outbox has something")
	}
}

// Pings and pongs overtake, and the latest counts.
func TestOutboxControl(t *testing.T) {
	t.Parallel()
	o := newOutbox(1000)
	o.put([]byte("frames"))
	for _, payload := range []string{"a", "b"} {
		o.control(opPing, []byte(payload))
		o.control(opPong, []byte(payload))
	}
	batch, _ := o.next(nil)
	if got, want := string(slices.Concat(batch...)), "\x8a\x01b\x89\x01bframes"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Frames are cut into parts that a client takes in time, and nothing gets lost.
func TestCutPart(t *testing.T) {
	t.Parallel()
	for _, sizes := range [][]int{{1}, {partBytes}, {partBytes - 1, 2, 5}, {3*partBytes + 7, 1, 2 * partBytes}, {partBytes, partBytes}, {}} {
		var frames net.Buffers
		for i, size := range sizes {
			frames = append(frames, []byte(strings.Repeat(string(rune('a'+i)), size)))
		}
		want := slices.Concat(frames...)
		ends := map[int]bool{}
		for i, sum := 0, 0; i < len(sizes); i++ {
			sum += sizes[i]
			ends[sum] = true
		}
		var got []byte
		for len(frames) > 0 {
			var part net.Buffers
			var cut bool
			part, frames, cut = cutPart(frames)
			bytes := slices.Concat(part...)
			if len(bytes) == 0 || len(bytes) > partBytes {
				t.Fatalf("%v: a part of %d bytes", sizes, len(bytes))
			}
			got = append(got, bytes...)
			if cut == ends[len(got)] {
				t.Errorf("%v: after %d bytes a frame is cut: %t", sizes, len(got), cut)
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%v: something got lost", sizes)
		}
	}
}
