package main

import (
	"log"
	"os"
	"time"

	"zctl/supervisor/notify"
)

// readyWhen is the program readywhen: a node that is ready as soon as a file is there,
// so that a script decides when that is: readywhen FILE
func readyWhen() {
	tell := func(line string) {
		for notify.Send(line) != nil { // a supervisor that is being replaced hears nothing
			time.Sleep(10 * time.Millisecond)
		}
	}
	if len(os.Args) != 2 {
		log.Fatal("usage: readywhen FILE")
	}
	tell("STATUS=waiting for " + os.Args[1])
	for {
		if _, err := os.Stat(os.Args[1]); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	tell("READY=1")
	for {
		time.Sleep(time.Hour) // select {} alone is a deadlock to the runtime, which ends the process
	}
}
