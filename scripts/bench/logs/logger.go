package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/pprof"
	"time"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/archive"
	"zctl/nodes/logger"
)

// runLogger is a node as zctl node runs it, but for its broker, which it misses.
func runLogger(port, dir, format string) error {
	if path := os.Getenv("CPUPROFILE"); path != "" {
		if f, err := os.Create(path); err == nil {
			_ = pprof.StartCPUProfile(f)
			defer pprof.StopCPUProfile()
		}
	}
	config, err := layoutgen.Parse("", fmt.Appendf(nil,
		"[cluster]\nport = %s\n[manager]\nport = 1\n[broker]\nxpub_port = 2\nxsub_port = 3\n[proxies]\ncount = 0\n[workers]\ncount = 1\n", port))
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	archiver := archive.NewArchiver(archive.Config{Store: archive.Store{Dir: dir + "/logs"}, Log: quiet})
	l, err := logger.New(logger.Options{Dir: dir, Text: logger.Text{Format: logger.Format(format)}, Rotation: &logger.Rotation{Archiver: archiver}, Log: slog.Default()})
	if err != nil {
		return err
	}
	o := nodes.Options{Name: "logger-1", LogWriter: l, Log: quiet}
	o.Cluster.Layout = config.Layout()
	n, err := nodes.New(o)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- n.Run(ctx) }()
	fmt.Println("ready")
	answer(l)
	stop()
	err = <-ended
	now, giveUp := context.WithCancel(context.Background())
	giveUp() // what waits is of no use to anybody
	_ = archiver.Close(now)
	return err
}

// answer answers to whoever measures, until it has heard enough.
func answer(l *logger.Logger) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		switch lines.Text() {
		case "spent":
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			fmt.Println(l.Stats().Records, m.Mallocs)
		case "rotate":
			begin := time.Now()
			if _, err := l.Rotate(); err != nil {
				slog.Error(err.Error())
			}
			fmt.Println(time.Since(begin).Nanoseconds())
		}
	}
}
