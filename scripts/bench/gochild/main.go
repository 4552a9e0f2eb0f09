// Command gochild is ../child/child.c in Go, for machines without a C compiler:
// it appends when it began, and its pid, to the file $BENCH_STAMPS, says on
// descriptor $BENCH_READY_FD that it is ready, and then does nothing.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		os.Exit(1)
	}
	file, err := os.OpenFile(os.Getenv("BENCH_STAMPS"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		os.Exit(1)
	}
	if _, err := fmt.Fprintf(file, "%d %d\n", t.Nano(), os.Getpid()); err != nil {
		os.Exit(1)
	}
	if fd, err := strconv.Atoi(os.Getenv("BENCH_READY_FD")); err == nil {
		if _, err := unix.Write(fd, []byte{'\n'}); err != nil {
			os.Exit(1)
		}
	}
	for {
		time.Sleep(time.Hour)
	}
}
