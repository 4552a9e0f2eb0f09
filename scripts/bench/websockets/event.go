package main

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"zctl/nodes/event"
	"zctl/nodes/websocket/frame"
)

const topic = "bench/connection/"

// newEvent is an event as a detector publishes it: whom it saw, when, why, and the time
// of this machine and its number, from which the receiver learns what it wants to know.
func newEvent(number int) event.Event {
	return event.Event{Name: "Bench::connection_seen", Args: []event.Value{
		event.Timestamp(time.Unix(1598975922, 372e6)),
		event.String("CHhAvVGS1DHFjwGM9"),
		event.String("192.168.1.17 has connected to a host on the intel list"),
		event.PortValue(event.Port{Number: 443, Protocol: event.TCP}),
		event.Count(now()), event.Count(uint64(number)),
	}}
}

// text is the event as a frame.
func text(number int) []byte { return frame.AppendData(nil, topic, newEvent(number)) }

// now is nanoseconds of a clock that all processes share.
func now() uint64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // there is no Linux without that clock
	}
	return uint64(t.Nano())
}

// tail is what events end with, and between what the two numbers are.
var (
	tail    = []byte("}]}]}]}")
	between = []byte(`},{"@data-type":"count","data":`)
)

// numbersOf is the time and the number in the text of an event.
func numbersOf(text []byte) (at uint64, number int, err error) {
	rest, ok := bytes.CutSuffix(text, tail)
	i := bytes.LastIndexByte(rest, ':')
	if !ok || i < 0 {
		return 0, 0, fmt.Errorf("cannot understand event %s", text)
	}
	number, err = strconv.Atoi(string(rest[i+1:]))
	rest, ok = bytes.CutSuffix(rest[:i+1], between)
	i = bytes.LastIndexByte(rest, ':')
	if err != nil || !ok || i < 0 {
		return 0, 0, fmt.Errorf("cannot understand event %s", text)
	}
	at, err = strconv.ParseUint(string(rest[i+1:]), 10, 64)
	return at, number, err
}
