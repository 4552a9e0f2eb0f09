package client

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"sync"
	"testing"
	"time"
)

// zeek is a server that writes frames as a Zeek does, byte by byte: no library would
// send what it sends (spec: websocket 2.2, 4, 5.2).
type zeek struct {
	t     *testing.T
	lis   net.Listener
	conns chan *peer
}

// peer is a client of it. Its methods are for one goroutine, but send.
type peer struct {
	t       *testing.T
	conn    net.Conn
	in      *bufio.Reader
	request *http.Request
	writing sync.Mutex // guards writes to conn
}

// The opcodes of RFC 6455.
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
	fin            = 0x80
)

func newZeek(t *testing.T) *zeek {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := &zeek{t: t, lis: lis, conns: make(chan *peer, 100)}
	t.Cleanup(func() { lis.Close() })
	go func() {
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			z.conns <- &peer{t: t, conn: conn, in: bufio.NewReader(conn)}
		}
	}()
	return z
}

func (z *zeek) url() string { return "ws://" + z.lis.Addr().String() }

// connection is the next client's, before its handshake.
func (z *zeek) connection() *peer {
	z.t.Helper()
	select {
	case p := <-z.conns:
		p.conn.SetDeadline(time.Now().Add(patience))
		return p
	case <-time.After(patience):
		z.t.Fatal("no client connects")
		return nil
	}
}

// accept shakes hands, sends the first ping as Zeek does, and reads the subscriptions.
func (z *zeek) accept() (*peer, []string) {
	z.t.Helper()
	p := z.connection()
	p.upgrade()
	p.send(opPing|fin, "ixwebsocket::heartbeat::5s::0")
	var topics []string
	if _, text := p.message(); json.Unmarshal([]byte(text), &topics) != nil || topics == nil {
		z.t.Fatalf("the client subscribes %q", text)
	}
	return p, topics
}

// acknowledged is accept and what follows.
func (z *zeek) acknowledged(n int) (*peer, []string) {
	z.t.Helper()
	p, topics := z.accept()
	p.text(fmt.Sprintf(`{"type":"ack","endpoint":"zeromq_manager_vm_1_N-websocket-%d","version":"8.1.2"}`, n))
	return p, topics
}

func (p *peer) upgrade() {
	p.t.Helper()
	var err error
	if p.request, err = http.ReadRequest(p.in); err != nil {
		p.t.Fatal(err)
	}
	sum := sha1.Sum([]byte(p.request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(p.conn, "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nServer: ixwebsocket/11.4.6 linux ssl/OpenSSL\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
}

// send writes one frame.
func (p *peer) send(head byte, payload string) {
	p.t.Helper()
	frame := []byte{head}
	switch n := len(payload); {
	case n < 126:
		frame = append(frame, byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	if _, err := p.conn.Write(append(frame, payload...)); err != nil {
		p.t.Error(err)
	}
}

func (p *peer) text(payload string) { p.t.Helper(); p.send(opText|fin, payload) }

// event sends an event whose arguments are this text.
func (p *peer) event(topic, name, args string) {
	p.t.Helper()
	p.text(`{"type":"data-message","topic":"` + topic + `","@data-type":"vector","data":[{"@data-type":"count","data":1},{"@data-type":"count","data":1},{"@data-type":"vector","data":[{"@data-type":"string","data":"` +
		name + `"},{"@data-type":"vector","data":[` + args + `]}]}]}`)
}

func (p *peer) close(code uint16, reason string) {
	p.t.Helper()
	p.send(opClose|fin, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

// frame reads the next frame of the client.
func (p *peer) frame() (opcode byte, payload string, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(p.in, head); err != nil {
		return 0, "", err
	}
	if head[0]&fin == 0 || head[1]&0x80 == 0 {
		return 0, "", errors.New("a frame of the client is not final, or not masked")
	}
	n := uint64(head[1] & 0x7f)
	extended := make([]byte, map[uint64]int{126: 2, 127: 8}[n])
	if _, err := io.ReadFull(p.in, extended); err != nil {
		return 0, "", err
	}
	if len(extended) > 0 {
		n = 0
		for _, b := range extended {
			n = n<<8 | uint64(b)
		}
	}
	data := make([]byte, 4+n)
	if _, err := io.ReadFull(p.in, data); err != nil {
		return 0, "", err
	}
	for i := range data[4:] {
		data[4+i] ^= data[i%4]
	}
	return head[0] &^ fin, string(data[4:]), nil
}

// message is the next one of the client that is no control frame.
func (p *peer) message() (opcode byte, payload string) {
	p.t.Helper()
	for {
		opcode, payload, err := p.frame()
		if err != nil {
			p.t.Fatal(err)
		}
		if opcode < opClose {
			return opcode, payload
		}
		if opcode == opClose {
			p.t.Fatalf("the client closes with %q", payload)
		}
	}
}

// control is the payload of the next control frame of that kind.
func (p *peer) control(want byte) string {
	p.t.Helper()
	for {
		opcode, payload, err := p.frame()
		if err != nil {
			p.t.Fatal(err)
		}
		if opcode == want {
			return payload
		}
	}
}

// refuse answers the handshake with a status.
func (p *peer) refuse(status string) {
	p.t.Helper()
	if _, err := http.ReadRequest(p.in); err != nil {
		p.t.Fatal(err)
	}
	fmt.Fprintf(p.conn, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status)
	p.conn.Close()
}

// header is a header of the request as it is written in MIME.
func (p *peer) header(name string) string {
	return p.request.Header.Get(textproto.CanonicalMIMEHeaderKey(name))
}
