package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"

	"zctl/nodes/websocket/frame"
)

// client is the receiving side with as little effort as there can be, so that it takes
// little from the server.
type client struct {
	conn   net.Conn
	in     *bufio.Reader
	delays []uint64 // nanoseconds
	began  uint64
	ended  uint64
}

func dial(address string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", frame.Path, address)
	c := &client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	answer, err := http.ReadResponse(c.in, nil)
	if err == nil && answer.StatusCode != http.StatusSwitchingProtocols {
		err = errors.New("cannot upgrade: " + answer.Status)
	}
	return c, err
}

// masked appends a frame with a mask of zeros.
func masked(dst []byte, opcode byte, payload []byte) []byte {
	dst = append(dst, 0x80|opcode)
	if len(payload) < 126 {
		dst = append(dst, 0x80|byte(len(payload)))
	} else {
		dst = binary.BigEndian.AppendUint16(append(dst, 0x80|126), uint16(len(payload)))
	}
	return append(append(dst, 0, 0, 0, 0), payload...)
}

const (
	opText = 1
	opPing = 9
	opPong = 10
)

// next is the next text, which is valid until the next call. Pings are answered.
func (c *client) next() ([]byte, error) {
	for {
		head, err := c.in.Peek(4)
		if err != nil {
			return nil, err
		}
		size, skip := int(head[1]), 2
		if size == 126 {
			size, skip = int(binary.BigEndian.Uint16(head[2:])), 4
		}
		opcode := head[0] & 0xf
		whole, err := c.in.Peek(skip + size)
		if err != nil {
			return nil, err
		}
		payload := whole[skip:]
		c.in.Discard(skip + size)
		switch opcode {
		case opText:
			return payload, nil
		case opPing:
			if _, err := c.conn.Write(masked(nil, opPong, payload)); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("cannot go on: got a frame of type %d: %s", opcode, payload)
		}
	}
}

// take reads events, each of which has to be there.
func (c *client) take(events int) error {
	c.delays = make([]uint64, 0, events)
	for n := range events {
		text, err := c.next()
		if err != nil {
			return fmt.Errorf("event %d: %w", n, err)
		}
		at, number, err := numbersOf(text)
		if err != nil {
			return err
		}
		if number != n {
			return fmt.Errorf("lost events: got %d, expected %d", number, n)
		}
		c.ended = now()
		if n == 0 {
			c.began = c.ended
		}
		c.delays = append(c.delays, c.ended-at)
	}
	return nil
}

// receive is clients that subscribe.
func receive(address string, clients, events int) error {
	return together(address, clients, events, func(c *client) error {
		if _, err := c.conn.Write(masked(nil, opText, []byte(`["`+topic+`"]`))); err != nil {
			return err
		}
		_, err := c.next()
		return err
	})
}

// call is clients that send what they want to have.
func call(address string, clients, events int) error {
	var begin sync.WaitGroup
	begin.Add(1)
	go lines(func() error { begin.Done(); return nil })
	return together(address, clients, events, func(c *client) error {
		go func() {
			begin.Wait()
			const atOnce = 64
			var out []byte
			for n := range events {
				out = masked(out, opText, text(n))
				if n%atOnce == atOnce-1 || n == events-1 {
					c.conn.Write(out) // an error is seen by who reads
					out = out[:0]
				}
			}
		}()
		return nil
	})
}

// together is so many clients; when all have begun they take what comes.
func together(address string, clients, events int, begin func(*client) error) error {
	all := make([]*client, clients)
	for i := range all {
		c, err := dial(address)
		if err == nil {
			err = begin(c)
		}
		if err != nil {
			return err
		}
		all[i] = c
	}
	say("ready")
	var taking sync.WaitGroup
	errs := make([]error, clients)
	for i, c := range all {
		taking.Go(func() { errs[i] = c.take(events) })
	}
	taking.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	report(all)
	return nil
}

func report(all []*client) {
	began, ended := all[0].began, all[0].ended
	var delays []uint64
	for _, c := range all {
		began, ended = min(began, c.began), max(ended, c.ended)
		delays = append(delays, c.delays...)
	}
	slices.Sort(delays)
	say(ended - began)
	say(delays[len(delays)/2])
	say(delays[len(delays)*99/100])
}
