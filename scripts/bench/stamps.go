package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// stamp is the first instruction of a child: when, by [now], and who.
type stamp struct {
	at  time.Duration
	pid int
}

// stampFile is where children append their stamps, a line each.
type stampFile string

// read is all stamps so far.
func (f stampFile) read() ([]stamp, error) {
	content, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseStamps(content)
}

func parseStamps(content []byte) ([]stamp, error) {
	whole := content[:bytes.LastIndexByte(content, '\n')+1]
	var stamps []stamp
	lines := bufio.NewScanner(bytes.NewReader(whole))
	for lines.Scan() {
		var s stamp
		if _, err := fmt.Fscan(strings.NewReader(lines.Text()), &s.at, &s.pid); err != nil {
			return nil, fmt.Errorf("cannot understand stamp %q: %w", lines.Text(), err)
		}
		stamps = append(stamps, s)
	}
	return stamps, lines.Err()
}

// childTimeout is how long children may take to begin.
const childTimeout = 30 * time.Second

// await waits until there are n stamps. It looks seldom, because looking takes
// CPU time from those it waits for; the time is in the stamp.
func (f stampFile) await(ctx context.Context, n int) ([]stamp, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, childTimeout, fmt.Errorf("children did not begin within %v", childTimeout))
	defer cancel()
	for {
		stamps, err := f.read()
		if err != nil || len(stamps) >= n {
			return stamps, err
		}
		if err := sleep(ctx, 2*time.Millisecond); err != nil {
			return nil, fmt.Errorf("%d of %d began: %w", len(stamps), n, err)
		}
	}
}

// last is when the last of them began.
func last(stamps []stamp) stamp {
	var latest stamp
	for _, s := range stamps {
		if s.at > latest.at {
			latest = s
		}
	}
	return latest
}
