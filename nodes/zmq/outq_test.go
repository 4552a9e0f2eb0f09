package zmq

import (
	"errors"
	"strings"
	"testing"
)

func testQueue(hwm int) *outq {
	return newOutq(Options{SndHWM: hwm, MaxMessage: 1000, limits: limits{control: 50}}.withDefaults())
}

// swapped is what a writer gets.
func swapped(q *outq) (control, data string, ok bool) {
	var c []byte
	var d batch
	ok = q.swap(&c, &d)
	return string(c), string(d.wire()), ok
}

// putWire puts one encoded message, or what looks like one.
func (q *outq) putWire(wire []byte) error {
	l := new(load)
	l.add(wire, 0, len(wire), 1)
	return q.put(l, nil)
}

func TestOutqHighWaterMark(t *testing.T) {
	t.Parallel()
	q := testQueue(3)
	for i := range 3 {
		if err := q.putWire([]byte("m")); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if err := q.putWire([]byte("m")); err != ErrAgain || !q.full() {
		t.Fatalf("got %v", err)
	}
	if err := q.putMessage(message("m"), 3); err != ErrAgain {
		t.Fatalf("got %v", err)
	}
	room := q.roomy()
	select {
	case <-room:
		t.Fatal("room in a full queue")
	default:
	}
	q.attach()
	if _, data, ok := swapped(q); data != "mmm" || !ok {
		t.Fatalf("wrote %q", data)
	}
	<-room
	<-q.roomy()
	check(t, q.putWire([]byte("m")))
}

func TestOutqBoundsBytes(t *testing.T) {
	t.Parallel()
	q := testQueue(100)
	check(t, q.putWire(make([]byte, 999)))
	check(t, q.putWire(make([]byte, 999)))
	if err := q.putWire([]byte("m")); err != ErrAgain {
		t.Errorf("got %v with %d bytes queued", err, q.data.size)
	}
}

func TestOutqControlOvertakesAndIsBounded(t *testing.T) {
	t.Parallel()
	q := testQueue(1)
	q.attach()
	check(t, q.putWire([]byte("message")))
	check(t, q.putControl([]byte("PONG1")))
	check(t, q.putControl([]byte("PONG2")))
	if control, data, _ := swapped(q); control != "PONG1PONG2" || data != "message" {
		t.Errorf("got %q, %q", control, data)
	}
	q.preload([]byte(strings.Repeat("x", 1000)))
	check(t, q.putControl(make([]byte, 50)))
	var bad *misbehaviour
	if err := q.putControl([]byte("x")); !errors.As(err, &bad) {
		t.Errorf("got %v", err)
	}
}

func TestOutqClose(t *testing.T) {
	t.Parallel()
	q := testQueue(1)
	q.attach()
	check(t, q.putWire([]byte("last")))
	room := q.roomy()
	q.close()
	<-room
	if err := q.putWire([]byte("late")); err != ErrClosed {
		t.Errorf("got %v", err)
	}
	if q.finished() {
		t.Error("finished with a message queued")
	}
	if _, data, ok := swapped(q); data != "last" || !ok {
		t.Errorf("got %q, %v", data, ok)
	}
	if _, _, ok := swapped(q); ok || !q.finished() || q.idle() {
		t.Error("a drained queue must end its writer")
	}
	q.detach()
	q.leave()
	if !q.idle() {
		t.Error("not idle")
	}
}

// What a broken connection did not take goes first to the next one; what was meant for that connection alone does not.
func TestOutqSurvivesConnections(t *testing.T) {
	t.Parallel()
	q := testQueue(10)
	q.survives = true
	q.attach()
	one, two, three := oneFrame(5, '1'), oneFrame(6, '2'), oneFrame(7, '3')
	check(t, q.putWire(one))
	check(t, q.putWire(two))
	var control []byte
	var data batch
	q.swap(&control, &data)
	check(t, q.putWire(three))
	check(t, q.putControl([]byte("PONG")))
	q.putBack(&data, len(one)+1)
	q.detach()
	if _, _, ok := swapped(q); ok {
		t.Error("a detached writer goes on")
	}
	q.attach()
	if control, data, _ := swapped(q); control != "" || data != string(two)+string(three) {
		t.Errorf("got %q, %q", control, data)
	}
}

func TestOutqWakesWriter(t *testing.T) {
	t.Parallel()
	for name, wake := range map[string]func(q *outq){
		"put":        func(q *outq) { _ = q.putWire([]byte("m")) },
		"putMessage": func(q *outq) { _ = q.putMessage(message("m"), 3) },
		"putControl": func(q *outq) { _ = q.putControl([]byte("m")) },
		"preload":    func(q *outq) { q.preload([]byte("m")) },
		"close":      (*outq).close,
		"detach":     (*outq).detach,
	} {
		q := testQueue(1)
		q.attach()
		woken := make(chan struct{})
		go func() {
			swapped(q)
			close(woken)
		}()
		wake(q)
		<-woken
		_ = name
	}
}
