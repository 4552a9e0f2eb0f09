package websocket_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// rawClient is a client that says what it is told to, right or wrong, and shows every
// frame that comes.
type rawClient struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// dial connects and upgrades. header is more lines of the request.
func dial(t testing.TB, addr net.Addr, target string, header ...string) *rawClient {
	t.Helper()
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	return upgradeRaw(t, conn, target, header...)
}

func upgradeRaw(t testing.TB, conn net.Conn, target string, header ...string) *rawClient {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", target, lines(header))
	c := &rawClient{t, conn, bufio.NewReader(conn)}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols || answer.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("no upgrade: %v", answer)
	}
	return c
}

func lines(header []string) string {
	if len(header) == 0 {
		return ""
	}
	return strings.Join(header, "\r\n") + "\r\n"
}

// frame sends a frame: first is the first byte, FIN and opcode.
func (c *rawClient) frame(first byte, payload string) {
	c.t.Helper()
	mask := [4]byte{1, 2, 3, 4}
	out := []byte{first}
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n <= 0xffff:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	out = append(out, mask[:]...)
	for i := range len(payload) {
		out = append(out, payload[i]^mask[i%4])
	}
	if _, err := c.conn.Write(out); err != nil {
		c.t.Errorf("cannot send: %v", err)
	}
}

func (c *rawClient) text(s string) { c.t.Helper(); c.frame(0x80|opText, s) }

// close sends a close frame; code 0 is none.
func (c *rawClient) close(code int, reason string) {
	c.t.Helper()
	if code == 0 {
		c.frame(0x80|opClose, "")
		return
	}
	c.frame(0x80|opClose, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// any is the next frame, whatever it is; opcode 0 is the end of the connection.
func (c *rawClient) any() (opcode byte, payload string) {
	c.t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		if err != io.EOF {
			c.t.Errorf("the connection broke: %v", err)
		}
		return 0, ""
	}
	if head[0]&0xf0 != 0x80 || head[1]&0x80 != 0 {
		c.t.Fatalf("got a frame that begins with %x", head)
	}
	size := int(head[1])
	more := make([]byte, map[int]int{126: 2, 127: 8}[size])
	io.ReadFull(c.in, more)
	if len(more) > 0 {
		size = int(binary.BigEndian.Uint64(append(make([]byte, 8-len(more)), more...)))
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(c.in, body); err != nil {
		c.t.Fatalf("a frame ends early: %v", err)
	}
	return head[0] & 0xf, string(body)
}

// next is the next frame but pings. Those of Zeek have a payload that says so.
func (c *rawClient) next() (opcode byte, payload string) {
	c.t.Helper()
	for {
		opcode, payload = c.any()
		if opcode != opPing {
			return opcode, payload
		}
		if !strings.HasPrefix(payload, "ixwebsocket::heartbeat::") {
			c.t.Errorf("ping %q", payload)
		}
		c.frame(0x80|opPong, payload)
	}
}

// hear is the next text.
func (c *rawClient) hear() string {
	c.t.Helper()
	opcode, payload := c.next()
	if opcode != opText {
		c.t.Fatalf("got frame %d with %q, want text", opcode, payload)
	}
	return payload
}

// want fails if that is not the next text.
func (c *rawClient) want(text string) {
	c.t.Helper()
	if got := c.hear(); got != text {
		c.t.Errorf("got  %s\nwant %s", got, text)
	}
}

// closed reads a close frame and the end of the connection.
func (c *rawClient) closed() (code int, reason string) {
	c.t.Helper()
	opcode, payload := c.next()
	if opcode != opClose || len(payload) == 1 {
		c.t.Fatalf("got frame %d with %q, want a close frame", opcode, payload)
	}
	if len(payload) > 0 {
		code, reason = int(binary.BigEndian.Uint16([]byte(payload))), payload[2:]
	}
	if opcode, payload := c.any(); opcode != 0 {
		c.t.Errorf("got frame %d with %q behind the close frame", opcode, payload)
	}
	return code, reason
}

// subscribe sends subscriptions and reads the ack.
func (c *rawClient) subscribe(topics string) {
	c.t.Helper()
	c.text(topics)
	if ack := c.hear(); !strings.HasPrefix(ack, `{"type":"ack","endpoint":"`) {
		c.t.Fatalf("got %s, want an ack", ack)
	}
}
