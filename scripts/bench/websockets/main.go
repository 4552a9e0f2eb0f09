// Command websockets is what the section websocket of the benchmark measures:
//
//	websockets bus EVENTS RATE           a broker; says its two endpoints, and at each line that it reads publishes so many
//	                                     events, so many a second
//	websockets serve XSUB XPUB           our server on that bus; says its address
//	websockets send EVENTS               a bare sender: a goroutine for each client that writes so many events, one after the
//	                                     other, from the next line that it reads on; says its address
//	websockets echo                      a bare echo; says its address
//	websockets receive ADDRESS CLIENTS EVENTS
//	                                     clients that get so many events each; says ready, and then how many nanoseconds
//	                                     it took from the first to the last, and the median and the 99th percentile of how
//	                                     long an event took since it was published
//	websockets call ADDRESS CLIENTS EVENTS
//	                                     clients that send so many events each to an echo, from the line on that they read
//	                                     after ready, and get them back; likewise
//
// Events are numbered, and a client that misses one says so and fails. All but receive
// and call end with their stdin. With CPUPROFILE=FILE in its environment it writes a
// profile for go tool pprof.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime/pprof"
	"strconv"
)

func main() {
	log.SetFlags(0)
	if path := os.Getenv("CPUPROFILE"); path != "" {
		if f, err := os.Create(path); err == nil {
			_ = pprof.StartCPUProfile(f)
			defer pprof.StopCPUProfile()
		}
	}
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	numbers := make([]int, len(args))
	for i, arg := range args {
		numbers[i], _ = strconv.Atoi(arg) // those that are none are not used as such
	}
	switch verb := args[0]; {
	case verb == "bus" && len(args) == 3:
		return runBus(numbers[1], numbers[2])
	case verb == "serve" && len(args) == 3:
		return serve(args[1], args[2])
	case verb == "send" && len(args) == 2:
		return send(numbers[1])
	case verb == "echo" && len(args) == 1:
		return echo()
	case verb == "receive" && len(args) == 4:
		return receive(args[1], numbers[2], numbers[3])
	case verb == "call" && len(args) == 4:
		return call(args[1], numbers[2], numbers[3])
	}
	return errUsage
}

var errUsage = errors.New("cannot understand the arguments: see go doc zctl/scripts/bench/websockets")

// lines calls act for each line of stdin.
func lines(act func() error) error {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if err := act(); err != nil {
			return err
		}
	}
	return in.Err()
}

func say(what ...any) { fmt.Println(what...) }
