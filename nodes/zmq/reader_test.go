package zmq

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReader(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	big := strings.Repeat("y", 3*chunkSize)
	sent := []Message{
		message("topic", "id", "format", "payload"), message(""), message("", ""), message(long), message("a", long, "b"),
		message("topic", big, "tail"), message("after"),
	}
	var wire []byte
	for _, m := range sent {
		wire = appendMessage(wire, m)
	}
	random := rand.New(rand.NewSource(1))
	for name, src := range map[string]io.Reader{
		"at once":        bytes.NewReader(wire),
		"byte by byte":   iotest.OneByteReader(bytes.NewReader(wire)),
		"halves":         iotest.HalfReader(bytes.NewReader(wire)),
		"data with EOF":  iotest.DataErrReader(bytes.NewReader(wire)),
		"random lengths": randomReader{bytes.NewReader(wire), random},
	} {
		r := newReader(src, len(wire))
		var got []Message
		for {
			p, err := r.next()
			if err == io.EOF {
				break
			}
			check(t, err)
			got = append(got, p.message())
		}
		if len(got) != len(sent) {
			t.Fatalf("%s: got %d messages, want %d", name, len(got), len(sent))
		}
		for i := range sent { // compared only now: no message may have been overwritten
			if !equal(got[i], sent[i]) {
				t.Errorf("%s: message %d differs", name, i)
			}
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]string{
		"unknown flag":                  "\x08\x00",
		"2^62 bytes":                    "\x02\x40\x00\x00\x00\x00\x00\x00\x00",
		"2^64-1 bytes":                  "\x02\xff\xff\xff\xff\xff\xff\xff\xff",
		"one byte too long":             "\x00\x63" + strings.Repeat("x", 99),
		"too long altogether":           "\x01\x32" + strings.Repeat("x", 50) + "\x00\x32",
		"command with more":             "\x05\x05\x04PONG",
		"more frames than we allow":     strings.Repeat("\x01\x00", maxFrames+1),
		"long form of too many, at end": strings.Repeat("\x01\x00", 49) + "\x02\x00\x00\x00\x00\x00\x00\x00\x01",
	} {
		limit := 100
		if strings.HasPrefix(name, "more frames") {
			limit = 1 << 20
		}
		_, err := newReader(strings.NewReader(wire), limit).next()
		var bad *misbehaviour
		if !errors.As(err, &bad) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestReaderAtTheEnd(t *testing.T) {
	t.Parallel()
	for wire, want := range map[string]error{
		"":                      io.EOF,
		"\x00":                  io.ErrUnexpectedEOF,
		"\x00\x05ab":            io.ErrUnexpectedEOF,
		"\x01\x01a":             io.ErrUnexpectedEOF,
		"\x02\x00\x00":          io.ErrUnexpectedEOF,
		"\x01\x01a\x00\x02\x01": io.ErrUnexpectedEOF,
	} {
		if _, err := newReader(strings.NewReader(wire), 100).next(); err != want {
			t.Errorf("%q: got %v, want %v", wire, err, want)
		}
	}
	if _, err := newReader(stuck{}, 100).next(); err != io.ErrNoProgress {
		t.Errorf("a reader that returns nothing: got %v", err)
	}
}

// A frame may announce what it likes: memory follows the bytes that came.
func TestReaderGrowsWithBytesReceived(t *testing.T) {
	t.Parallel()
	const received = 1 << 20
	wire := append([]byte{flagLong, 0, 0, 0, 0, 0x70, 0, 0, 0}, make([]byte, received)...) // announces 1.8 GB
	r := newReader(bytes.NewReader(wire), 2<<30)
	if _, err := r.next(); err != io.ErrUnexpectedEOF {
		t.Fatalf("got %v", err)
	}
	if len(r.buf) > 2*len(wire)+chunkSize {
		t.Errorf("holds %d bytes after %d", len(r.buf), len(wire))
	}
}

// Whatever was read at once, commands within a message come before it, and it comes whole.
func TestReaderTakesCommandsOutOfMessages(t *testing.T) {
	t.Parallel()
	ping := string(pingFrame)
	wire := "\x01\x01a" + ping + "\x01\x02bc" + ping + ping + "\x00\x01d" + "\x00\x01e"
	for step := 1; step <= len(wire); step++ {
		r := newReader(stepReader{strings.NewReader(wire), step}, 100)
		var got []string
		for {
			p, err := r.next()
			if err == io.EOF {
				break
			}
			check(t, err)
			got = append(got, string(bytes.Join(p.message(), []byte("|"))))
		}
		command := ping[shortHeader:]
		if want := []string{command, command, command, "a|bc|d", "e"}; !slices.Equal(got, want) {
			t.Errorf("%d bytes at once: got %q, want %q", step, got, want)
		}
	}
}

func TestReaderBoundsCommandsWithinMessages(t *testing.T) {
	t.Parallel()
	r := newReader(strings.NewReader("\x01\x00"+strings.Repeat(string(pingFrame), 2*maxWithin)), 1000)
	for range maxWithin {
		_, err := r.next()
		check(t, err)
	}
	_, err := r.next()
	var bad *misbehaviour
	if !errors.As(err, &bad) {
		t.Errorf("got %v", err)
	}
}

func TestPacketFramesCannotReachEachOther(t *testing.T) {
	t.Parallel()
	p, err := newReader(bytes.NewReader(appendMessage(nil, message("a", "b"))), 100).next()
	check(t, err)
	m := p.message()
	_ = append(m[0], "xyz"...)
	if string(m[1]) != "b" {
		t.Errorf("frame 1 became %q", m[1])
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("\x01\x05topic\x01\x02id\x01\x06format\x00\x07payload"), uint8(3))
	f.Add([]byte("\x00\x06\x01topic\x00\x06\x00topic"), uint8(1))
	f.Add([]byte("\x04\x0c\x09SUBSCRIBEab\x04\x09\x06CANCELab\x04\x0a\x04PING\x00\x0actx"), uint8(9))
	f.Add([]byte("\x01\x01a\x04\x06\x05READY\x01\x00\x04\x07\x04PING\x00\x00\x00\x01b"), uint8(5))
	f.Add([]byte("\x02\x40\x00\x00\x00\x00\x00\x00\x00"), uint8(0))
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00\x03abc\x00\x00"), uint8(2))
	f.Fuzz(func(t *testing.T, wire []byte, step uint8) {
		const limit = 1000
		r := newReader(stepReader{bytes.NewReader(wire), int(step)%7 + 1}, limit)
		rest := bytes.Clone(wire)
		for {
			p, err := r.next()
			if len(r.buf) > 2*len(wire)+chunkSize {
				t.Fatalf("%d bytes of buffer for %d", len(r.buf), len(wire))
			}
			if err != nil {
				return
			}
			at := 0
			for p.command && rest[at]&flagCommand == 0 { // it may stand within a message
				h := parseHeader(rest[at:])
				at += h.len + int(h.size)
			}
			if len(p.wire) > limit || !bytes.HasPrefix(rest[at:], p.wire) {
				t.Fatalf("% x at %d is not what was sent: % x", p.wire, at, rest)
			}
			rest = slices.Delete(rest, at, at+len(p.wire))
			p.subscription()
			if p.command {
				if name, data, err := parseCommand(p.frame(0)); err == nil && name == "PING" {
					_, _ = pongFor(data)
				}
				continue
			}
			again, err := newReader(bytes.NewReader(appendMessage(nil, p.message())), limit).next()
			if err != nil || !equal(again.message(), p.message()) {
				t.Fatalf("encoding % x again: %v", p.wire, err)
			}
		}
	})
}

func equal(a, b Message) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

type stepReader struct {
	src  io.Reader
	step int
}

func (r stepReader) Read(p []byte) (int, error) { return r.src.Read(p[:min(len(p), r.step)]) }

type randomReader struct {
	src    io.Reader
	random *rand.Rand
}

func (r randomReader) Read(p []byte) (int, error) {
	return r.src.Read(p[:min(len(p), 1+r.random.Intn(2*chunkSize))])
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }
