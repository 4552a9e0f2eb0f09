package main

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// bare serves clients with as little around the library as there can be.
func bare(handle func(context.Context, *websocket.Conn) error) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err == nil {
			_ = handle(context.Background(), conn) // a client that has enough leaves
			conn.CloseNow()
		}
	}))
	say(l.Addr())
	return nil
}

// send writes events to each client: text that is made before.
func send(events int) error {
	texts := make([][]byte, events)
	for n := range texts {
		texts[n] = text(n)
	}
	var begin sync.WaitGroup
	begin.Add(1)
	err := bare(func(ctx context.Context, conn *websocket.Conn) error {
		if _, _, err := conn.Read(ctx); err != nil { // subscriptions
			return err
		}
		if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"ack"}`)); err != nil {
			return err
		}
		begin.Wait()
		for _, text := range texts {
			if err := conn.Write(ctx, websocket.MessageText, text); err != nil {
				return err
			}
		}
		_, _, err := conn.Read(ctx)
		return err
	})
	first := true
	if err == nil {
		err = lines(func() error {
			if first {
				begin.Done()
			}
			first = false
			return nil
		})
	}
	return err
}

// echo writes back what it reads.
func echo() error {
	err := bare(func(ctx context.Context, conn *websocket.Conn) error {
		for {
			kind, data, err := conn.Read(ctx)
			if err == nil {
				err = conn.Write(ctx, kind, data)
			}
			if err != nil {
				return err
			}
		}
	})
	if err == nil {
		err = lines(func() error { return nil })
	}
	return err
}
