package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "embed"
)

// bus is one implementation of sockets and broker: a program that knows the
// arguments listed at the top of bus/ours/main.go and bus/libzmq.c.
type bus struct {
	name    string
	program string
	counts  bool // it answers how much it has allocated
}

// busProcess is such a program at work.
type busProcess struct {
	bus
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

//go:embed bus/load.c
var loadSource []byte

//go:embed bus/libzmq.c
var libzmqSource []byte

// buses builds the contenders, ours first.
func (w *workbench) buses(ctx context.Context) ([]bus, error) {
	ours := bus{name: "zctl", counts: true}
	if err := w.goBuild(ctx, "zctl/scripts/bench/bus/ours", &ours.program); err != nil {
		return nil, err
	}
	libzmq := bus{name: "libzmq"}
	if err := w.compile(ctx, "libzmq", libzmqSource, &libzmq.program, "-lzmq", "-lpthread"); err != nil {
		fmt.Println("libzmq does not take part: it takes a C compiler and its header (apt-get install gcc libzmq3-dev)")
		return []bus{ours}, nil
	}
	return []bus{ours, libzmq}, nil
}

// compile builds a C program.
func (w *workbench) compile(ctx context.Context, name string, source []byte, path *string, libraries ...string) error {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return fmt.Errorf("cannot build %s: %w; apt-get install gcc", name, err)
	}
	*path = filepath.Join(w.dir, name)
	if err := os.WriteFile(*path+".c", source, 0o644); err != nil {
		return fmt.Errorf("cannot build %s: %w", name, err)
	}
	_, err = w.run(ctx, nil, cc, append([]string{"-O2", "-o", *path, *path + ".c"}, libraries...)...)
	return err
}

// start starts the program. It ends with killAll at the latest.
func (b bus) start(args ...string) (*busProcess, error) {
	p := &busProcess{bus: b, cmd: command(context.Background(), nil, b.program, args...)}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		p.in, err = p.cmd.StdinPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("cannot start the bus of %s: %w", b.name, err)
	}
	p.out = bufio.NewScanner(out)
	return p, nil
}

// line is the next thing that it says.
func (p *busProcess) line() (string, error) {
	if !p.out.Scan() {
		return "", fmt.Errorf("the bus of %s has ended: %w", p.name, cmp.Or(p.out.Err(), io.EOF))
	}
	return p.out.Text(), nil
}

// number is line for a number.
func (p *busProcess) number() (float64, error) {
	line, err := p.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(line, 64)
}

// spent is what the process took so far.
type spent struct {
	cpu    time.Duration
	allocs float64
}

func (p *busProcess) spent() (s spent, err error) {
	s.cpu = cpuTime(p.cmd.Process.Pid)
	if p.counts {
		if _, err = io.WriteString(p.in, "\n"); err == nil {
			s.allocs, err = p.number()
		}
	}
	return s, err
}

func (p *busProcess) end() {
	p.in.Close()
	p.cmd.Wait() // its status is of no interest
}

// port is the last part of an endpoint.
func port(endpoint string) string { return endpoint[strings.LastIndexByte(endpoint, ':')+1:] }
