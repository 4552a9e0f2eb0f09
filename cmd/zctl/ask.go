package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// mayStop asks whoever sits at the terminal before workers are stopped that run: what
// passes meanwhile nobody sees. It refuses unless the answer is yes.
func mayStop(c *cli.Context, changes []supervisor.Change) error {
	var workers []string
	for _, change := range changes {
		stops := change.Action == supervisor.ChangeRestart || change.Action == supervisor.ChangeStop
		if stops && change.Type == layoutgen.TypeWorker {
			workers = append(workers, change.Node)
		}
	}
	if _, asked := terminal(os.Stdin); len(workers) == 0 || c.Bool("yes") || !asked {
		return nil
	}
	what := "1 worker"
	if len(workers) > 1 {
		what = fmt.Sprintf("%d workers", len(workers))
	}
	yes, err := ask(c.Context, c.App.ErrWriter, fmt.Sprintf("%s would be stopped: %s. Go on? [y/N] ", what, strings.Join(workers, ", ")))
	if err == nil && !yes {
		err = usagef("nothing was done, as there was no yes")
	}
	return err
}

// ask puts a question to whoever sits at the terminal. Only yes means yes.
func ask(ctx context.Context, w io.Writer, question string) (yes bool, err error) {
	if _, ok := terminal(w); !ok { // nobody would see it
		if tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
			defer tty.Close()
			w = tty
		}
	}
	fmt.Fprint(w, question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return true, nil
		}
		if !strings.HasSuffix(line, "\n") {
			fmt.Fprintln(w)
		}
		return false, nil
	case <-ctx.Done():
		fmt.Fprintln(w)
		return false, context.Cause(ctx)
	}
}
