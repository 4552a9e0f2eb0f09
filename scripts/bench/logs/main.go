// Command logs is both ends of what the section logger measures:
//
//	logs logger PORT DIR FORMAT     is logger-1 of a cluster, listens at PORT and writes into DIR
//	logs send PORT BATCHES COUNT PAUSE
//	                                sends the recorded conn records in the file BATCHES, COUNT batches of 1000 of
//	                                them; PAUSE ("5ms") after each, "0" is none: it never waits but for the network
//
// logger says "ready" and answers each line that it reads: "spent" with the numbers of
// records and heap allocations so far, "rotate" with the nanoseconds that rotating all
// logs took. send says "ready" when it is connected, begins with the first line that it
// reads, and says "sent" in the end. With CPUPROFILE=FILE in its environment the logger
// writes a profile for go tool pprof. Both end with their stdin.
package main

import (
	"errors"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 4 && args[0] == "logger":
		err = runLogger(args[1], args[2], args[3])
	case len(args) == 5 && args[0] == "send":
		err = send(args[1], args[2], args[3], args[4])
	default:
		err = errors.New("cannot understand the arguments: see go doc zctl/scripts/bench/logs")
	}
	if err != nil {
		log.Fatal(err)
	}
}
