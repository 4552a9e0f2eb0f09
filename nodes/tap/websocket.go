package tap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/websocket/client"
	"zctl/nodes/websocket/frame"
	"zctl/nodes/zmq"
)

// OpenWebSocket is [Open] for who cannot reach the bus, but a node that serves it to
// WebSocket clients. Nobody can tell there who published, so that messages have no
// sender; their format is broker-json-v1, and their payload the message of the server.
// [Options.Socket] means nothing here. Error frames of the server go to server.OnError.
func OpenWebSocket(server client.Options, o Options) (*Tap, error) {
	return open(&webSocketWay{o: server, refused: make(chan struct{})}, o)
}

// webSocketWay is a connection to a WebSocket server.
type webSocketWay struct {
	o       client.Options
	once    sync.Once
	refused chan struct{} // closed when the server does not want us

	mu   sync.Mutex // guards last
	last error      // why there is no connection
}

func (w *webSocketWay) listen(t *Tap) (io.Closer, error) {
	lost := false // for one goroutine, that of the connection
	return client.Open(w.o, subscriptions(t.o.Prefixes), client.Handler{
		Connected: func(frame.Ack) { lost = false; t.isConnected() },
		Message: func(m client.Message) {
			t.passed(zmq.Message{[]byte(m.Topic), nil, []byte(event.FormatJSON), m.Data})
		},
		Lost: func(err error) {
			w.lost(err)
			select {
			case <-t.connected:
				if !lost { // of the attempts that follow nobody need hear
					t.o.Lost(err)
				}
				lost = true
			default: // who awaits the first connection hears of it there
			}
		},
	})
}

func (w *webSocketWay) lost(err error) {
	w.mu.Lock()
	w.last = err
	w.mu.Unlock()
	var refused *client.RefusedError
	if errors.As(err, &refused) {
		w.once.Do(func() { close(w.refused) })
	}
}

func (w *webSocketWay) await(ctx context.Context, connected <-chan struct{}) error {
	begun := time.Now()
	select {
	case <-connected:
		return nil
	case <-w.refused:
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil {
		w.last = fmt.Errorf("cannot reach %s in time: no answer within %v", w.o.URL, time.Since(begun).Round(time.Millisecond))
	}
	return &UnreachableError{Endpoint: w.o.URL, Err: w.last}
}
