package zmq

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// narrow takes only some bytes of each write and then fails, as a connection does at its deadline.
type narrow struct {
	bytes.Buffer
	take func() int
}

var errNarrow = errors.New("that is enough")

func (w *narrow) Write(p []byte) (int, error) {
	n := min(len(p), w.take())
	w.Buffer.Write(p[:n])
	if n < len(p) {
		return n, errNarrow
	}
	return n, nil
}

// traffic is some whole messages, and commands between them.
func traffic(random *rand.Rand, longest int) (wire []byte) {
	for range 200 {
		if random.IntN(10) == 0 {
			wire = appendCommand(wire, "PING", make([]byte, random.IntN(18)))
			continue
		}
		m := make(Message, 1+random.IntN(4))
		for i := range m {
			m[i] = bytes.Repeat([]byte{byte(i)}, random.IntN(longest))
		}
		wire = appendMessage(wire, m)
	}
	return wire
}

// However a write is cut, and however a read, what comes out is what went in.
func TestSealedCutAnywhere(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		client, server := sealedPair(t)
		out := &narrow{take: func() int { return random.IntN(100_000) }}
		client.dst = out
		longest := []int{20, 300, 70_000}[seed%3]
		wire := traffic(random, longest)
		writeAll(t, client, wire)
		server.src = iotest.HalfReader(&out.Buffer)
		if seed%2 == 0 {
			server.src = &out.Buffer
		}
		var got []byte
		piece := make([]byte, 1+random.IntN(100_000))
		for {
			n, err := server.Read(piece)
			if got = append(got, piece[:n]...); err == io.EOF {
				break
			}
			check(t, err)
		}
		if !bytes.Equal(got, wire) {
			t.Fatalf("seed %d: %d bytes became %d other ones", seed, len(wire), len(got))
		}
		if len(server.opener.buf) > 4*longest+2*sealBatch {
			t.Errorf("seed %d: %d bytes of buffer for frames of %d", seed, len(server.opener.buf), longest)
		}
	}
}

// writeAll writes with as many attempts as it takes, and checks that each says how far it got.
func writeAll(t *testing.T, to io.Writer, wire []byte) {
	t.Helper()
	for attempts := 0; len(wire) > 0; attempts++ {
		n, err := to.Write(wire)
		if n > len(wire) || n < 0 || err == nil && n < len(wire) || err != nil && !errors.Is(err, errNarrow) || attempts > 10_000 {
			t.Fatalf("wrote %d of %d bytes: %v", n, len(wire), err)
		}
		wire = wire[n:]
	}
}

// A frame is claimed when all of it is gone, neither sooner nor later, or a message would be lost or come twice with the
// next connection.
func TestSealerClaimsFrames(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		client, _ := sealedPair(t)
		out := &narrow{take: func() int { return random.IntN(30_000) }}
		client.dst = out
		wire := traffic(random, []int{20, 2000}[seed%2])
		claimed, err := client.Write(wire)
		gone := 0 // plain bytes of the frames that went out as a whole
		for sealed := out.Bytes(); len(sealed) >= shortHeader && len(sealed) >= headerLen(sealed[0]) && len(sealed) >= frameLen(sealed); {
			sealed = sealed[frameLen(sealed):]
			gone += frameLen(wire[gone:])
		}
		if err == nil && claimed != len(wire) || claimed < gone || gone < len(wire) && claimed >= gone+frameLen(wire[gone:]) {
			t.Fatalf("seed %d: claimed %d, gone %d of %d, %v", seed, claimed, gone, len(wire), err)
		}
	}
}

// A byte that the connection took must show, since a peer that takes none is disconnected.
func TestSealerTellsProgress(t *testing.T) {
	t.Parallel()
	client, _ := sealedPair(t)
	out := &narrow{take: func() int { return 1000 }}
	client.dst = out
	wire := appendMessage(nil, message(string(make([]byte, 50_000)), string(make([]byte, 200))))
	for attempt := 0; len(wire) > 0; attempt++ {
		n, err := client.Write(wire)
		if n < 900 && err != nil {
			t.Fatalf("attempt %d: %d bytes", attempt, n)
		}
		wire = wire[n:]
	}
}

func TestOpenerEndsAsTheConnectionDoes(t *testing.T) {
	t.Parallel()
	client, server := sealedPair(t)
	var sealed bytes.Buffer
	client.dst = &sealed
	_, err := client.Write(appendMessage(nil, message("whole")))
	check(t, err)
	_, err = client.Write(appendMessage(nil, message("half")))
	check(t, err)
	sealed.Truncate(sealed.Len() - 3)
	server.src = &sealed
	got, err := io.ReadAll(server)
	if string(got) != "\x00\x05whole" || err != io.ErrUnexpectedEOF {
		t.Errorf("got %q, %v", got, err)
	}
}

// A long announced frame costs no memory before it comes, and a buffer for one that came is not kept.
func TestOpenerMemory(t *testing.T) {
	t.Parallel()
	client, server := sealedPair(t)
	server.max = 100 << 20
	server.src = bytes.NewReader([]byte("\x02\x00\x00\x00\x00\x03\x00\x00\x00some"))
	if _, err := server.Read(make([]byte, 100)); err != io.ErrUnexpectedEOF {
		t.Errorf("got %v", err)
	}
	if len(server.opener.buf) > sealBatch {
		t.Errorf("%d bytes for 4", len(server.opener.buf))
	}
	server.start, server.end = 0, 0
	var sealed bytes.Buffer
	client.dst = &sealed
	writeAll(t, client, appendMessage(nil, message(string(make([]byte, 10<<20)))))
	writeAll(t, client, appendMessage(nil, message("short")))
	server.src = iotest.OneByteReader(&sealed)
	if len(sealed.Bytes()) > 10<<20 {
		server.src = &sealed
	}
	_, err := io.Copy(io.Discard, server)
	check(t, err)
	if len(server.opener.buf) > sealBatch {
		t.Errorf("%d bytes are kept", len(server.opener.buf))
	}
}

func FuzzOpener(f *testing.F) {
	f.Add([]byte("\x00\x26\x07MESSAGE"+string(make([]byte, 30))), 10)
	f.Add([]byte("\x02\x00\x00\x00\x00\x03\x00\x00\x00some"), 1)
	f.Add([]byte("\x04\x21\x07MESSAGE"+string(make([]byte, 25))), 1000)
	_, server := sealedPair(f)
	f.Fuzz(func(t *testing.T, received []byte, size int) {
		o := opener{src: bytes.NewReader(received), session: server.opener.session, max: 1000}
		for {
			n, err := o.Read(make([]byte, 1+size&0xfff))
			if n > 0 {
				t.Fatal("opened what nobody sealed")
			}
			if err != nil {
				break
			}
		}
	})
}
