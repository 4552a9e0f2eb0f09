package process

import (
	"context"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// Our own children, pid to *Process, from before anybody can see that they have
// ended until they are waited for.
var (
	children sync.Map
	birth    sync.RWMutex // read-locked while a child is born, until it is among children
)

// ReapOrphans waits for processes that became our children when their parents
// ended, as everybody's orphans do in a container whose first process we are. It
// leaves those alone that were made here. It returns when ctx ends.
func ReapOrphans(ctx context.Context) {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, unix.SIGCHLD)
	defer signal.Stop(changed)
	for {
		pids, _ := allPIDs() // if not now, then with the next that ends
		for _, pid := range pids {
			if s, err := readStat(pid); err == nil && s.parent == os.Getpid() && s.dead() {
				reap(pid)
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// reap waits for a child that has ended, unless it was made here.
func reap(pid int) {
	birth.Lock()
	defer birth.Unlock()
	if _, ours := children.Load(pid); !ours {
		unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
}
