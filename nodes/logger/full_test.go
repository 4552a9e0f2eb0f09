package logger

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestNoRoom: a logger whose disk is really full takes what its memory allows, leaves
// whole lines only, and goes on when there is room, without a loss.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("skipped: cannot mount a small file system, needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	log := filepath.Join(dir, "cluster.log")
	l, end := start(t, Options{Dir: dir, Memory: 50_000, FlushInterval: 10 * time.Millisecond})
	const each = 3000
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i := range each {
			l.Write("s", clusterBatch("cluster", fmt.Sprintf("0 %d %s", i, strings.Repeat("x", 1000))))
		}
	}()
	await(t, "trouble", func() bool { return strings.Contains(l.Stats().Trouble, "no space left") })
	await(t, "memory is used up", func() bool { return l.Stats().Memory > 40_000 })
	select {
	case <-written:
		t.Fatal("all was taken")
	default:
	}
	await(t, "whole lines", func() bool { // while it tries again there is a part of one
		text, err := os.ReadFile(log)
		return err == nil && len(text) > 100_000 && bytes.HasSuffix(text, []byte("xxx\n"))
	})
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, "size=16m"); err != nil {
		t.Fatal(err)
	}
	<-written
	if err := end(); err != nil {
		t.Fatal(err)
	}
	checkOrder(t, log, 1, each)
	if s := l.Stats(); s.Trouble != "" || s.LostBytes != 0 || s.Records != each {
		t.Errorf("left %+v", s)
	}
}

// TestHeaderAfterLoss: when the header of a file was lost with the text behind it, what
// is written later has one all the same.
func TestHeaderAfterLoss(t *testing.T) {
	t.Parallel()
	for _, size := range []int{10, 2 * chunk} {
		dir := t.TempDir()
		log := filepath.Join(dir, "cluster.log")
		if err := os.Mkdir(log, 0o755); err != nil {
			t.Fatal(err)
		}
		l, end := start(t, Options{Dir: dir, FlushInterval: time.Millisecond})
		l.Write("s", clusterBatch("cluster", strings.Repeat("x", size)))
		await(t, "a loss", func() bool { return int(l.Stats().LostBytes) > size })
		if err := os.Remove(log); err != nil {
			t.Fatal(err)
		}
		l.Write("s", clusterBatch("cluster", "0 0"))
		if err := end(); err == nil {
			t.Error("nothing was lost")
		}
		if lines := logLines(t, log); !strings.HasPrefix(lines[0], "#separator") {
			t.Errorf("the log begins with %q", lines[0])
		}
		checkOrder(t, log, 1, 1)
	}
}
