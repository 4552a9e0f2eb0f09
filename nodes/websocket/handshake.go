package websocket

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	ws "github.com/coder/websocket"

	"zctl/nodes/websocket/frame"
)

const (
	handshakeTime  = 3 * time.Second // for all of it (spec: websocket 2.2)
	maxRequest     = 16 << 10        // bytes of the request
	leastSendTime  = 5 * time.Second
	bufferPerSide  = 4 << 10
	appHeader      = "X-Application-Name"
	appPunctuation = "/_-.=:*@"
)

// handshake makes a client of a connection. Whatever the path is, the connection is
// upgraded first and rejected then, as Zeek does it (spec: websocket 2).
func (l *listener) handshake(conn net.Conn, n uint64) (*client, error) {
	conn.SetDeadline(time.Now().Add(handshakeTime))
	w := &wire{Conn: conn, raw: conn, timeout: max(l.o.PingInterval, leastSendTime)}
	if l.tls != nil {
		secure := tls.Server(conn, l.tls)
		ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
		defer cancel()
		if err := secure.HandshakeContext(ctx); err != nil {
			l.warn("cannot accept a WebSocket client", "remote", conn.RemoteAddr(), "err", err)
			return nil, err
		}
		w.Conn = secure
	}
	reader := bufio.NewReaderSize(io.LimitReader(w.Conn, maxRequest), bufferPerSide)
	r, err := http.ReadRequest(reader)
	if err != nil {
		answer(w.Conn, http.StatusBadRequest, "Error reading HTTP request line")
		return nil, err
	}
	c := l.newClient(w, r, n)
	if c.ws, err = l.upgrade(c, &upgrade{wire: w, reader: reader}, r); err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return c, nil
}

func (l *listener) newClient(w *wire, r *http.Request, n uint64) *client {
	c := &client{
		server: l.server, listener: l, wire: w,
		in: newPending(), out: newOutbox(l.o.MaxQueued), gone: make(chan struct{}),
		info: Endpoint{ID: fmt.Sprintf("%s-websocket-%d", l.server.o.NodeID, n)},
	}
	if tcp, ok := w.RemoteAddr().(*net.TCPAddr); ok {
		at := tcp.AddrPort()
		c.info.Address = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	}
	name, ok := applicationName(r.Header)
	switch {
	case r.RequestURI != frame.Path: // byte for byte
		c.rejected = frame.InvalidURI
	case !ok:
		c.rejected = frame.InvalidApplicationName
	default:
		c.info.ApplicationName = name
		c.app = l.server.stats.app(name)
	}
	return c
}

// applicationName is what a client calls itself, and whether it may (spec: websocket
// 2.3).
func applicationName(h http.Header) (name string, ok bool) {
	if all := h.Values(appHeader); len(all) > 0 {
		name = all[len(all)-1]
	}
	for _, c := range []byte(name) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || '9' < c) && strings.IndexByte(appPunctuation, c) < 0 {
			return "", false
		}
	}
	return name, true
}

// upgrade answers the request.
func (l *listener) upgrade(c *client, u *upgrade, r *http.Request) (*ws.Conn, error) {
	if reason := wrongRequest(r); reason != "" {
		answer(u.wire.Conn, http.StatusBadRequest, reason)
		return nil, errors.New(reason)
	}
	if !l.knows(r.Header.Get("Authorization")) {
		u.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(u, "the server wants to have a token: Authorization: Bearer TOKEN", http.StatusUnauthorized)
		return nil, errors.New("wrong or no token")
	}
	r.Header.Set("Connection", "Upgrade") // which Zeek does not demand
	conn, err := ws.Accept(u, r, &ws.AcceptOptions{
		InsecureSkipVerify: len(l.o.Origins) == 0,
		OriginPatterns:     l.o.Origins,
		OnPingReceived: func(_ context.Context, payload []byte) bool {
			c.out.control(opPong, payload) // in the library it would wait for the client
			return false
		},
		OnPongReceived: func(context.Context, []byte) { c.ping.ponged.Store(true) },
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(int64(l.o.MaxFrame))
	return conn, nil
}

// wrongRequest is why Zeek would refuse the request, or empty (spec: websocket 2.2).
func wrongRequest(r *http.Request) string {
	upgrade, version := r.Header.Get("Upgrade"), r.Header.Get("Sec-WebSocket-Version")
	switch {
	case r.Method != http.MethodGet:
		return "Invalid HTTP method, need GET, got " + r.Method
	case r.Proto != "HTTP/1.1":
		return "Invalid HTTP version, need HTTP/1.1, got: " + r.Proto
	case r.Header.Get("Sec-WebSocket-Key") == "":
		return "Missing Sec-WebSocket-Key value"
	case upgrade == "":
		return "Missing Upgrade header"
	case !strings.EqualFold(upgrade, "websocket"):
		return "Invalid Upgrade header, need WebSocket, got " + upgrade
	case version == "":
		return "Missing Sec-WebSocket-Version value"
	case version != "13":
		return "Invalid Sec-WebSocket-Version, need 13, got " + version
	}
	return ""
}

// answer refuses a request in Zeek's way: the reason is in the first line.
func answer(to io.Writer, code int, reason string) {
	reason = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, reason)
	fmt.Fprintf(to, "HTTP/1.1 %d %s\r\nServer: zctl\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", code, reason)
}

// upgrade is a connection before it is one of WebSocket, as coder/websocket wants it.
type upgrade struct {
	wire   *wire
	reader *bufio.Reader
	header http.Header
	wrote  bool
}

func (u *upgrade) Header() http.Header {
	if u.header == nil {
		u.header = http.Header{}
	}
	return u.header
}

// WriteHeader answers the request. The order is Zeek's.
func (u *upgrade) WriteHeader(code int) {
	u.wrote = true
	h := u.Header()
	h.Set("Server", "zctl")
	if code != http.StatusSwitchingProtocols {
		h.Set("Connection", "close")
	}
	text := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n", code, http.StatusText(code))
	for _, key := range []string{"Sec-WebSocket-Accept", "Upgrade", "Connection", "WWW-Authenticate", "Content-Type", "Server"} {
		if value := h.Get(key); value != "" {
			text = fmt.Appendf(text, "%s: %s\r\n", key, value)
		}
	}
	u.wire.Conn.Write(append(text, "\r\n"...))
}

// Write writes why a request is refused.
func (u *upgrade) Write(p []byte) (int, error) {
	if !u.wrote {
		u.WriteHeader(http.StatusOK)
	}
	return u.wire.Conn.Write(p)
}

// Hijack hands over the connection.
func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return u.wire, bufio.NewReadWriter(u.reader, bufio.NewWriterSize(u.wire, 256)), nil
}
