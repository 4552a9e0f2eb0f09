package zeektest

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// live is the run loop, until a signal or a setting ends it. It returns the exit
// code.
func (z *zeek) live() int {
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	left := z.joinBus(ctx)
	z.log = z.startLog()
	var rotate <-chan time.Time
	if z.log != nil && z.steer.rotate > 0 {
		rotate = time.Tick(z.steer.rotate)
	}
	ready := z.after(z.steer.ready, !z.steer.hang)
	crash := z.after(z.steer.crash, z.steer.crashes)
	for {
		select {
		case <-ready:
			ready = nil
			z.setStatus("RUNNING", "run_loop")
		case now := <-rotate:
			z.log.rotate(now, false)
			z.log.open()
		case <-crash:
			return z.crash()
		case err := <-left:
			return z.end(fatal(": cannot stay on the bus: %v", err))
		case sig := <-z.signals:
			if z.steer.ignoreTerm && (sig == syscall.SIGTERM || sig == syscall.SIGINT) {
				continue
			}
			leave()
			return z.terminate(sig, left)
		}
	}
}

// joinBus puts the node on the bus. The channel gets why it left; nil if it never
// joined.
func (z *zeek) joinBus(ctx context.Context) <-chan error {
	if !z.joins() {
		return nil
	}
	os.Unsetenv("NOTIFY_SOCKET")
	left := make(chan error, 1)
	go func() { left <- z.join(ctx, z.node) }()
	return left
}

// after is a moment counted from the start of the process; never, unless wanted.
func (z *zeek) after(d time.Duration, wanted bool) <-chan time.Time {
	if !wanted {
		return nil
	}
	return time.After(time.Until(z.started.Add(d)))
}

// crashIfTold ends a process that is to crash before it has parsed.
func (z *zeek) crashIfTold() *failure {
	if z.steer.crashes && time.Since(z.started) >= z.steer.crash && z.steer.crash > 0 {
		os.Exit(z.crash())
	}
	return nil
}

// crash ends the process in the way it was told to, without a word in the status
// file.
func (z *zeek) crash() int {
	if z.steer.stderr != "" {
		fmt.Fprintln(os.Stderr, z.steer.stderr)
	}
	if z.steer.signal != 0 {
		dieOf(z.steer.signal)
	}
	return z.steer.exit
}

// terminate is what Zeek does with a signal.
func (z *zeek) terminate(sig os.Signal, left <-chan error) int {
	switch sig {
	case syscall.SIGUSR1:
		dieOf(syscall.SIGUSR1)
	case syscall.SIGHUP: // it is neither dead nor alive then (spec: generators R21)
		z.setStatus("TERMINATING", "sig_handler")
		select {}
	}
	z.setStatus("TERMINATING", "terminate_zeek")
	z.sayGoodbye()
	done := time.After(z.steer.stop)
	for {
		select {
		case <-z.signals: // a second one does no harm
			z.setStatus("TERMINATING", "sig_handler")
			continue
		case <-done:
		}
		break
	}
	if left != nil {
		<-left
	}
	if z.log != nil {
		z.log.rotate(time.Now(), true)
	}
	z.setStatus("TERMINATED", "atexit")
	return 0
}

func (z *zeek) sayGoodbye() {
	if len(z.args.interfaces) == 0 {
		fmt.Fprintln(os.Stderr, "received termination signal")
		return
	}
	now := float64(time.Now().UnixMicro()) / 1e6
	fmt.Fprintf(os.Stderr, "%.6f received termination signal\n", now)
	for _, iface := range z.args.interfaces {
		fmt.Fprintf(os.Stderr, "%.6f 0 packets received on interface %s, 0 (0.00%%) dropped, 0 (0.00%%) not processed\n", now, iface)
	}
}
