package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"zctl/nodes/logwire"
	"zctl/nodes/zmq"
)

// push sends the same batch over and over as the nodes in Go do, which wait for answers,
// and says when all have been answered.
func push(port, batches, count, hwm string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	most, err := strconv.Atoi(hwm)
	if err != nil {
		return err
	}
	batch, _, err := connBatch(batches)
	if err != nil {
		return err
	}
	wake := make(chan struct{}, 1)
	ready := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	p, err := zmq.ConnectAckPush([]string{"tcp://127.0.0.1:" + port}, zmq.Options{SndHWM: most}, ready)
	if err != nil {
		return err
	}
	defer p.Close()
	for connected, _ := p.Connected(); connected == 0; connected, _ = p.Connected() {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("ready")
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	if err := sendAll(p, batch, n, wake); err != nil {
		return err
	}
	fmt.Println("answered")
	_, err = io.Copy(io.Discard, in)
	return err
}

// sendAll returns when n batches have arrived.
func sendAll(p *zmq.AckPush, batch []byte, n int, wake <-chan struct{}) error {
	message := zmq.Message{[]byte(logwire.Topic), []byte("zeromq_worker-1_host_123_NwrZBf1q3FkxySjt2a"), []byte(logwire.Format), batch}
	var left sync.WaitGroup
	left.Add(n)
	lost := make(chan error, 1)
	done := func(err error) {
		if err != nil {
			select {
			case lost <- err:
			default:
			}
		}
		left.Done()
	}
	for n > 0 {
		switch err := p.Send(message, done); {
		case err == nil:
			n--
		case errors.Is(err, zmq.ErrAgain):
			<-wake
		default:
			return err
		}
	}
	left.Wait()
	select {
	case err := <-lost:
		return err
	default:
		return nil
	}
}
