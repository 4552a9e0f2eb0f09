// Command logs is both ends of what the section logger measures:
//
//	logs logger PORT DIR FORMAT SIZE
//	                      is logger-1 of a cluster, as zctl node runs it: it listens at PORT, writes into DIR, and
//	                      archives files of SIZE bytes there; 0 is none
//	logs send PORT BATCHES COUNT PAUSE SENDERS
//	                      sends the recorded conn records in the file BATCHES, COUNT batches of 1000 of them on each of
//	                      SENDERS connections, with a PAUSE like 5ms between them. 0s never waits but for the network; otherwise the ts of the first
//	                      record of each batch is when it was sent
//	logs push PORT BATCHES COUNT HWM
//	                      sends as many as a node in Go, with HWM of them unanswered at most, and says "answered" when all are
//
// logger says "ready", and answers each line that it reads with the number of heap
// allocations so far. With CPUPROFILE=FILE in its environment it writes a profile for
// go tool pprof. The others say "ready" when they are connected, and send when they read a
// line. All end with their stdin.
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
	case len(args) == 5 && args[0] == "logger":
		err = runLogger(args[1], args[2], args[3], args[4])
	case len(args) == 6 && args[0] == "send":
		err = send(args[1], args[2], args[3], args[4], args[5])
	case len(args) == 5 && args[0] == "push":
		err = push(args[1], args[2], args[3], args[4])
	default:
		err = errors.New("cannot understand the arguments: see go doc zctl/scripts/bench/logs")
	}
	if err != nil {
		log.Fatal(err)
	}
}
