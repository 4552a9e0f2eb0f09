package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strconv"
	"time"

	"zctl/nodes/logwire"
)

// send sends the same batch over and over, on sockets that speak ZMTP by hand, so that
// on a small machine it is the logger that is measured.
func send(port, batches, count, pause, senders string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	each, err := time.ParseDuration(pause)
	if err != nil {
		return err
	}
	message, ts, err := connMessage(batches)
	if err != nil {
		return err
	}
	conns, err := connectAll("127.0.0.1:"+port, senders)
	if err != nil {
		return err
	}
	defer func() { // not when the collector finds that nobody needs them any more
		for _, conn := range conns {
			conn.Close()
		}
	}()
	fmt.Println("ready")
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	for _, conn := range conns[1:] {
		go flood(conn, message, n)
	}
	if each == 0 {
		err = flood(conns[0], message, n)
	} else {
		err = paced(conns[0], message, ts, n, each)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

func connectAll(address, senders string) ([]net.Conn, error) {
	n, err := strconv.Atoi(senders)
	if err != nil {
		return nil, err
	}
	var conns []net.Conn
	for range max(1, n) {
		conn, err := connect(address)
		if err != nil {
			return nil, err
		}
		conns = append(conns, conn)
	}
	return conns, nil
}

func flood(conn net.Conn, message []byte, n int) error {
	for range n {
		if _, err := conn.Write(message); err != nil {
			return err
		}
	}
	return nil
}

// paced sends with pauses, and says in each batch when that was.
func paced(conn net.Conn, message, ts []byte, n int, pause time.Duration) error {
	for next := time.Now(); n > 0; n-- {
		time.Sleep(time.Until(next))
		next = next.Add(pause)
		binary.BigEndian.PutUint64(ts, math.Float64bits(float64(time.Now().UnixMicro())/1e6))
		if _, err := conn.Write(message); err != nil {
			return err
		}
	}
	return nil
}

// connMessage is a batch as it is on the wire (spec: wire 1.5), and in it the ts of the
// first record.
func connMessage(batches string) (message, ts []byte, err error) {
	batch, first, err := connBatch(batches)
	if err != nil {
		return nil, nil, err
	}
	const more, long = 1, 2
	for _, frame := range []string{logwire.Topic, "zeromq_worker-1_host_123_NwrZBf1q3FkxySjt2a", logwire.Format} {
		message = append(append(message, more, byte(len(frame))), frame...)
	}
	message = binary.BigEndian.AppendUint64(append(message, long), uint64(len(batch)))
	begin := len(message) + first + valueHeader
	message = append(message, batch...)
	return message, message[begin : begin+8], nil
}

// connect connects as a PUSH (spec: zmq4 4).
func connect(address string) (net.Conn, error) {
	conn, err := net.Dial("tcp", address)
	for end := time.Now().Add(5 * time.Second); err != nil && time.Now().Before(end); conn, err = net.Dial("tcp", address) {
		time.Sleep(5 * time.Millisecond)
	}
	if err != nil {
		return nil, err
	}
	greeting := make([]byte, 64)
	copy(greeting, "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL")
	const ready = "\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PUSH"
	theirs := make([]byte, len(greeting)+len(ready))
	_, err = conn.Write(append(greeting, ready...))
	if err == nil {
		_, err = io.ReadFull(conn, theirs) // a READY of PULL is as long
	}
	return conn, err
}
