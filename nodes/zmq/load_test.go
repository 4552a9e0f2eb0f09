package zmq

import (
	"bytes"
	"math/rand"
	"testing"
)

// encoded is messages one behind the other, and where each begins; the last entry is the end.
func encoded(random *rand.Rand, messages int) (wire []byte, at []int) {
	for range messages {
		at = append(at, len(wire))
		m := make(Message, 1+random.Intn(3))
		for i := range m {
			m[i] = make([]byte, random.Intn(400))
			random.Read(m[i])
		}
		wire = appendMessage(wire, m)
	}
	return wire, append(at, len(wire))
}

func TestLoadJoinsNeighbours(t *testing.T) {
	t.Parallel()
	wire, at := encoded(rand.New(rand.NewSource(1)), 10)
	var l load
	l.add(wire, at[0], at[2], 2)
	l.add(wire, at[2], at[5], 3)
	l.add(wire, at[6], at[7], 1) // not a neighbour
	l.add(wire, at[7], at[10], 3)
	if len(l.runs) != 2 || l.runs[0].count != 5 || l.runs[1].count != 4 || l.count != 9 {
		t.Fatalf("%d runs of %d messages", len(l.runs), l.count)
	}
	want := append(bytes.Clone(wire[:at[5]]), wire[at[6]:]...)
	if got := bytes.Join([][]byte{l.runs[0].wire, l.runs[1].wire}, nil); !bytes.Equal(got, want) || l.size != len(want) {
		t.Error("the bytes differ")
	}
}

// However a load is taken apart, all of it arrives in order, and only whole messages are counted.
func TestLoadIsTakenInParts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(3))
	for range 200 {
		wire, at := encoded(random, 1+random.Intn(20))
		var l load
		var want []byte
		for i := range len(at) - 1 {
			if random.Intn(3) > 0 {
				l.add(wire, at[i], at[i+1], 1)
				want = append(want, wire[at[i]:at[i+1]]...)
			}
		}
		total := l.count
		var b batch
		for random.Intn(4) > 0 {
			l.take(1+random.Intn(4), &b)
		}
		if b.count+l.count != total || b.size+l.size != len(want) {
			t.Fatalf("%d and %d messages of %d", b.count, l.count, total)
		}
		n := random.Intn(l.size + 1)
		left := l.count - countIn(want[b.size:b.size+n])
		got := append(b.wire(), want[b.size:b.size+n]...)
		l.dropBytes(n)
		if l.count != left || l.size != len(want)-len(got) {
			t.Fatalf("%d messages and %d bytes left, want %d and %d", l.count, l.size, left, len(want)-len(got))
		}
		b.reset()
		l.take(l.count, &b)
		if got = append(got, b.wire()...); !bytes.Equal(got, want) || b.count != left || l.count != 0 {
			t.Fatal("what was taken differs")
		}
	}
}
