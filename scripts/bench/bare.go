package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
)

// bareArg makes this program the bare loop: a process of its own, so that it is
// not slower or faster for what else we do.
const bareArg = "bare-loop"

// bare is the least that a supervisor in Go has to do: fork and exec, wait, and
// once more.
type bare struct{}

func (bare) name() string    { return "bare loop in Go" }
func (bare) missing() string { return "" }

func (bare) prepare(s site, count int) error {
	return os.WriteFile(s.path(bareCount), []byte(strconv.Itoa(count)), 0o644)
}

// bareCount is the file that says how many children there are to be.
const bareCount = "count"

func (bare) start(_ context.Context, s site) (int, error) {
	return s.background(s.env(), "/proc/self/exe", bareArg, s.child, s.path(bareCount))
}

// runBare starts count children one after the other, and each of them again
// whenever it ends, until we are killed.
func runBare(child, countFile string) {
	count, err := os.ReadFile(countFile)
	n := 0
	if err == nil {
		n, err = strconv.Atoi(string(count))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var loops sync.WaitGroup
	for range n {
		cmd := spawn(child)
		loops.Go(func() {
			for {
				cmd.Wait() // how it ended does not matter
				cmd = spawn(child)
			}
		})
	}
	loops.Wait()
}

func spawn(child string) *exec.Cmd {
	cmd := exec.Command(child)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return cmd
}
