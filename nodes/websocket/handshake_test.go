package websocket_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"zctl/nodes/websocket"
)

const (
	invalidURI = `{"type":"error","code":"invalid_uri","context":"Invalid URI - use /v1/messages/json"}`
	invalidApp = `{"type":"error","code":"invalid_application_name","context":"Invalid X-Application-Name"}`
)

// Whatever the path, the connection is upgraded and then rejected; paths are compared
// byte for byte, and before the name of the application (spec: websocket 2.1).
func TestRejected(t *testing.T) {
	t.Parallel()
	s := serve(t, websocket.Options{Lost: func(c websocket.Endpoint, code int, reason string) {
		t.Errorf("lost %v, of whom nobody knows", c)
	}}, websocket.ListenOptions{})
	for _, c := range []struct{ target, app, want, reason string }{
		{"/v1/messages/json/", "", invalidURI, "Invalid URI - use /v1/messages/json"},
		{"/v1/messages/json?x=1", "", invalidURI, "Invalid URI - use /v1/messages/json"},
		{"/v1/messages/%6ason", "", invalidURI, "Invalid URI - use /v1/messages/json"},
		{"http://x/v1/messages/json", "", invalidURI, "Invalid URI - use /v1/messages/json"},
		{"//v1/messages/json", "", invalidURI, "Invalid URI - use /v1/messages/json"},
		{"*", "", invalidURI, "Invalid URI - use /v1/messages/json"},
		{"/", "bad name", invalidURI, "Invalid URI - use /v1/messages/json"},
		{"/v1/messages/json", "bad name", invalidApp, "Invalid X-Application-Name"},
		{"/v1/messages/json", "grün", invalidApp, "Invalid X-Application-Name"},
		{"/v1/messages/json", "a,b", invalidApp, "Invalid X-Application-Name"},
		{"/v1/messages/json", "good\r\nX-Application-Name: b{d", invalidApp, "Invalid X-Application-Name"},
	} {
		t.Run(c.target+" "+c.app, func(t *testing.T) {
			t.Parallel()
			var header []string
			if c.app != "" {
				header = append(header, "X-Application-Name: "+c.app)
			}
			client := dial(t, s.addr, c.target, header...)
			client.text("[]") // is ignored
			client.want(c.want)
			opcode, _ := client.next()
			if opcode != opClose {
				t.Fatalf("got frame %d, want a close frame", opcode)
			}
			client.close(1008, c.reason)
			if opcode, payload := client.any(); opcode != 0 {
				t.Errorf("got frame %d with %q behind the close frame", opcode, payload)
			}
		})
	}
}

// What may be in the name of an application, and where it is seen.
func TestApplicationName(t *testing.T) {
	t.Parallel()
	added := make(chan websocket.Endpoint, 1)
	s := serve(t, websocket.Options{Added: func(c websocket.Endpoint, _ []string) { added <- c }}, websocket.ListenOptions{})
	for _, c := range []struct{ header, want string }{
		{"Origin: http://x", ""},
		{"X-Application-Name: zeekctl/2.6.0-50", "zeekctl/2.6.0-50"},
		{"x-application-name:   aZ09/_-.=:*@  ", "aZ09/_-.=:*@"},
		{"X-Application-Name: first\r\nX-Application-Name: last", "last"},
		{"X-Application-Name:", ""},
	} {
		client := dial(t, s.addr, "/v1/messages/json", strings.Split(c.header, "\r\n")...)
		client.subscribe("[]")
		got := <-added
		local := client.conn.LocalAddr().String()
		if got.ApplicationName != c.want || got.Address.String() != local {
			t.Errorf("%q: got %q at %v, want %q at %v", c.header, got.ApplicationName, got.Address, c.want, local)
		}
		client.close(1000, "")
		client.closed()
	}
	if apps := s.Stats().Apps; len(apps) != 4 { // with unknown
		t.Errorf("counted for %v", apps)
	}
}

// What is no WebSocket request is refused in Zeek's words (spec: websocket 2.2).
func TestBadRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, websocket.Options{}, websocket.ListenOptions{})
	const good = "GET /v1/messages/json HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	for _, c := range []struct{ from, to, want string }{
		{"", "", "101 Switching Protocols"}, // Connection is not demanded
		{"Upgrade: websocket", "UPGRADE: WebSocket", "101 Switching Protocols"},
		{"GET", "POST", "400 Invalid HTTP method, need GET, got POST"},
		{"HTTP/1.1", "HTTP/1.0", "400 Invalid HTTP version, need HTTP/1.1, got: HTTP/1.0"},
		{"Upgrade: websocket\r\n", "", "400 Missing Upgrade header"},
		{"websocket", "h2c", "400 Invalid Upgrade header, need WebSocket, got h2c"},
		{"Sec-WebSocket-Version: 13\r\n", "", "400 Missing Sec-WebSocket-Version value"},
		{"13", "8", "400 Invalid Sec-WebSocket-Version, need 13, got 8"},
		{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "400 Missing Sec-WebSocket-Key value"},
		{"GET", "nonsense\r\n\r\nGET", "400 Error reading HTTP request line"},
		{"GET", strings.Repeat("x", 20<<10) + "GET", "400 Error reading HTTP request line"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", s.addr.String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			io.WriteString(conn, strings.Replace(good, c.from, c.to, 1))
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Status != c.want {
				t.Errorf("got %q, want %q", answer.Status, c.want)
			}
		})
	}
}

// The answer to the request is Zeek's, and neither extension nor protocol is agreed on.
func TestUpgradeAnswer(t *testing.T) {
	t.Parallel()
	s := serve(t, websocket.Options{}, websocket.ListenOptions{})
	conn, err := net.Dial("tcp", s.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(conn, "GET /v1/messages/json HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: http://evil.example\r\n"+
		"Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat\r\n\r\n")
	const want = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
		"Upgrade: websocket\r\nConnection: Upgrade\r\nServer: zctl\r\n\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// Tokens and origins are checked before the upgrade, and only if somebody wants that.
func TestTokenAndOrigin(t *testing.T) {
	t.Parallel()
	s := serve(t, websocket.Options{}, websocket.ListenOptions{Token: "secret", Origins: []string{"*.example.org", "https://other.example"}})
	for _, c := range []struct {
		header string
		want   int
	}{
		{"Authorization: Bearer secret", 101},
		{"Authorization: bearer secret", 101},
		{"Authorization: Bearer secre", 401},
		{"Authorization: Bearer", 401},
		{"Authorization: Basic secret", 401},
		{"X: y", 401},
		{"Authorization: Bearer secret\r\nOrigin: http://page.example.org", 101},
		{"Authorization: Bearer secret\r\nOrigin: http://here", 101}, // the Host
		{"Authorization: Bearer secret\r\nOrigin: https://other.example", 101},
		{"Authorization: Bearer secret\r\nOrigin: http://other.example", 403},
		{"Authorization: Bearer secret\r\nOrigin: http://evil.example", 403},
		{"Authorization: Bearer secret\r\nOrigin: null", 403},
	} {
		if got := upgrade(t, s, c.header); got != c.want {
			t.Errorf("%q: got %d, want %d", c.header, got, c.want)
		}
	}
}

// upgrade is the status with which a server answers a client with one more header.
func upgrade(t *testing.T, s *served, header string) int {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /v1/messages/json HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n\r\n", header)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode
}

// Who does not come to the point is disconnected, and does not keep others out.
func TestHandshakeTime(t *testing.T) {
	t.Parallel()
	s := serve(t, websocket.Options{}, websocket.ListenOptions{})
	conn, err := net.Dial("tcp", s.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /v1/messages/json HTTP/1.1\r\n")
	dial(t, s.addr, "/v1/messages/json").subscribe("[]")
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection did not end: %v", err)
	}
}

// Connections beyond the limit are closed without a word; when others have gone there
// is room again.
func TestMaxClients(t *testing.T) {
	t.Parallel()
	s := serve(t, websocket.Options{}, websocket.ListenOptions{MaxClients: 2})
	first := dial(t, s.addr, "/v1/messages/json")
	first.subscribe("[]")
	dial(t, s.addr, "/v1/messages/json").subscribe("[]")
	conn, err := net.Dial("tcp", s.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if got, err := io.ReadAll(conn); err != nil || len(got) > 0 {
		t.Errorf("got %q, %v; want the end", got, err)
	}
	if stats := s.Stats(); stats.Clients != 2 || stats.Refused != 1 {
		t.Errorf("counted %+v", stats)
	}
	first.close(1000, "")
	first.closed()
	until(t, func() bool { return s.Stats().Clients == 1 })
	dial(t, s.addr, "/v1/messages/json").subscribe("[]")
}

// until waits for something to be so.
func until(t testing.TB, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to that")
		}
	}
}
