package websocket

import (
	"sync/atomic"
	"time"
)

// queue is what the clients of a listener have to have done, one after the other:
// Zeek's event queue between its WebSocket threads and its main loop (spec: websocket
// 11).
type queue struct {
	acts   chan func()
	ending <-chan struct{}
	blocks atomic.Uint64 // how often somebody waited for 100 ms or the rest of it
}

func newQueue(size int, ending <-chan struct{}) *queue {
	return &queue{acts: make(chan func(), size), ending: ending}
}

// put leaves something to be done, and waits while the queue is full. It says no if the
// server ends.
func (q *queue) put(act func()) bool {
	select {
	case q.acts <- act:
		return true
	default:
	}
	for {
		q.blocks.Add(1)
		select {
		case q.acts <- act:
			return true
		case <-q.ending:
			return false
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// run does it until the server ends.
func (q *queue) run() {
	for {
		select {
		case <-q.ending:
			return
		case act := <-q.acts:
			select {
			case <-q.ending:
				return
			default:
				act()
			}
		}
	}
}
