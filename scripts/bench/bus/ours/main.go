// Command ours is a bus by zctl, to be compared with ../libzmq.c, which knows the
// same arguments:
//
//	ours broker                          says "XSUB-ENDPOINT XPUB-ENDPOINT"
//	ours pull MESSAGES                   says its endpoint, and then the nanoseconds from the first message to the last
//	ours push ENDPOINT PAYLOAD MESSAGES  sends messages as Zeek's log batches
//
// Each line that it reads is a question, answered with the number of heap
// allocations so far. It ends with its stdin. With CPUPROFILE=FILE in its
// environment it writes a profile for go tool pprof.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"time"

	"zctl/nodes/zmq"
)

func main() {
	log.SetFlags(0)
	if path := os.Getenv("CPUPROFILE"); path != "" {
		if f, err := os.Create(path); err == nil {
			_ = pprof.StartCPUProfile(f)
			defer pprof.StopCPUProfile()
		}
	}
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "broker":
		err = broker()
	case len(args) == 2 && args[0] == "pull":
		err = pull(args[1])
	case len(args) == 4 && args[0] == "push":
		err = push(args[1], args[2], args[3])
	default:
		err = errors.New("cannot understand the arguments: see go doc zctl/scripts/bench/bus/ours")
	}
	if err != nil {
		log.Fatal(err)
	}
	answer()
}

const anyPort = "tcp://127.0.0.1:0"

func broker() error {
	b, err := zmq.ListenBroker(zmq.BrokerOptions{ListenXPub: anyPort, ListenXSub: anyPort})
	if err == nil {
		fmt.Println(b.XSubEndpoint(), b.XPubEndpoint())
	}
	return err
}

func pull(count string) error {
	messages, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	var begin time.Time
	got := 0
	p, err := zmq.BindPull(anyPort, zmq.Options{}, func(zmq.Message) {
		switch got++; got {
		case 1:
			begin = time.Now()
		case messages:
			fmt.Println(time.Since(begin).Nanoseconds())
		}
	})
	if err == nil {
		fmt.Println(p.Endpoint())
	}
	return err
}

func push(endpoint, payload, count string) error {
	size, err := strconv.Atoi(payload)
	if err != nil {
		return err
	}
	messages, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	p, err := zmq.ConnectPush([]string{endpoint}, zmq.Options{})
	if err != nil {
		return err
	}
	frames := zmq.Message{
		[]byte("log-write"), []byte("zeromq_worker-1_host_123_NwrZBf1q3FkxySjt2a"), []byte("zeek-bin-serializer"),
		make([]byte, size),
	}
	for range messages {
		for p.Send(frames) != nil {
			time.Sleep(20 * time.Microsecond)
		}
	}
	return nil
}

// answer reports allocations, to whoever measures, until it has heard enough.
func answer() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Println(m.Mallocs)
	}
}
