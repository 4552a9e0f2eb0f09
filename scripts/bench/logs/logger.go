package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"

	"zctl/layoutgen"
	"zctl/nodes"
)

// runLogger is a node as zctl node runs it. It is alone: its broker is missing.
func runLogger(port, dir, format, size string) error {
	if path := os.Getenv("CPUPROFILE"); path != "" {
		if f, err := os.Create(path); err == nil {
			_ = pprof.StartCPUProfile(f)
			defer pprof.StopCPUProfile()
		}
	}
	o, err := loggerOptions(port, dir, format, size)
	if err != nil {
		return err
	}
	debug.SetMemoryLimit(o.MemoryLimit())
	n, err := nodes.New(o)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- n.Run(ctx) }()
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Println(m.Mallocs)
	}
	stop()
	return <-ended
}

func loggerOptions(port, dir, format, size string) (nodes.Options, error) {
	config, err := layoutgen.Parse("", fmt.Appendf(nil, `[cluster]
port = %s
metrics_port = 0
[manager]
port = 1
[broker]
xpub_port = 2
xsub_port = 3
[proxies]
count = 0
[workers]
count = 1
`, port))
	if err != nil {
		return nodes.Options{}, err
	}
	logs := layoutgen.LogsByHand()
	for key, value := range map[string]string{"format": format, "rotation_size": size} {
		if err := logs.Set(key, value); err != nil {
			return nodes.Options{}, err
		}
	}
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	o := nodes.Options{Name: "logger-1", Dir: dir, Log: quiet}
	o.Cluster.Layout = config.Layout()
	o.UseLogs(logs, filepath.Join(dir, "logs"))
	o.UseMemory(int64(config.Loggers.Memory))
	return o, nil
}
