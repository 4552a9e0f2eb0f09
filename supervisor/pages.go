package supervisor

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// pages is the memory of an idle supervisor. Most of what it has was looked at once:
// garbage, and pages of its own program. It gives that back when nothing happens, but
// not what it needs for a restart, which should not have to wait until the kernel has
// found some hundred pages again.
type pages struct {
	idle atomic.Bool // nothing has happened since it began to be given back

	mu     sync.Mutex // guards what follows
	needed []mapping  // by restarts; nil: none has shown it yet
}

// giveBack hands back what was needed once.
func (p *pages) giveBack() {
	p.idle.Store(true) // at first: what happens meanwhile ends it
	debug.FreeOSMemory()
	if program, err := ownProgram(); err == nil {
		p.mu.Lock()
		for _, m := range without(program, p.needed) {
			unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED) // it was worth a try
		}
		p.mu.Unlock()
	}
}

// learn is called behind the restart of a node that interrupted idleness: what is there
// now is what that needed. The first one shows it, and is slower than all others.
func (p *pages) learn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.needed != nil {
		return
	}
	program, err := ownProgram()
	if err == nil {
		p.needed, _ = present(program)
	}
}

// mapping is a part of the address space.
type mapping struct{ start, end uintptr }

// ownProgram is where our own program's file is mapped, but for what could be written to:
// that is not only in the file.
func ownProgram() ([]mapping, error) {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return nil, err
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	defer maps.Close()
	return readOnly(maps, self), nil
}

// readOnly is the parts of /proc/PID/maps where a file is mapped to be read or run.
func readOnly(maps io.Reader, file string) []mapping {
	var all []mapping
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var m mapping
		var perms, offset, device string
		var inode uint64
		var name string
		n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s %s %s %d %s", &m.start, &m.end, &perms, &offset, &device, &inode, &name)
		if n == 7 && name == file && (perms == "r--p" || perms == "r-xp") {
			all = append(all, m)
		}
	}
	return all
}

// present is what of our address space is in memory and mapped, in order (proc_pid_pagemap(5)).
func present(within []mapping) ([]mapping, error) {
	const entrySize, presentBit = 8, 1 << 63
	pagemap, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil, err
	}
	defer pagemap.Close()
	page := uintptr(os.Getpagesize())
	var all []mapping
	for _, m := range within {
		entries := make([]byte, (m.end-m.start)/page*entrySize)
		if _, err := pagemap.ReadAt(entries, int64(m.start/page*entrySize)); err != nil {
			return nil, err
		}
		for at := m.start; at < m.end; at += page {
			entry := entries[(at-m.start)/page*entrySize:]
			if binary.NativeEndian.Uint64(entry)&presentBit == 0 {
				continue
			}
			if n := len(all); n > 0 && all[n-1].end == at {
				all[n-1].end += page
			} else {
				all = append(all, mapping{at, at + page})
			}
		}
	}
	return all, nil
}

// without is all that is not in some parts of it. Both are in order.
func without(all, parts []mapping) []mapping {
	var rest []mapping
	for _, m := range all {
		for _, part := range parts {
			if part.end <= m.start || m.end <= part.start {
				continue
			}
			if m.start < part.start {
				rest = append(rest, mapping{m.start, part.start})
			}
			m.start = min(part.end, m.end)
		}
		if m.start < m.end {
			rest = append(rest, m)
		}
	}
	return rest
}
