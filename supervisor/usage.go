package supervisor

import (
	"os"
	"sync"
	"time"

	procinfo "github.com/shirou/gopsutil/v3/process"

	"zctl/cpuaffinity"
	"zctl/supervisor/process"
)

// usage is what running nodes consume and where they may run, read when
// somebody looks and never otherwise.
type usage struct {
	mu   sync.Mutex // guards seen
	seen map[process.Identity]cpuSample
}

// cpuSample is the CPU time of a process at a time somebody looked.
type cpuSample struct {
	at      time.Time
	seconds float64
	percent float64 // as answered then
}

// sampleEvery is the shortest time over which a CPU rate means anything.
const sampleEvery = 500 * time.Millisecond

// measure fills in what is known of a process from outside.
func (u *usage) measure(status *NodeStatus, id process.Identity, started time.Time, want cpuaffinity.List) {
	check, err := cpuaffinity.Verify(os.DirFS("/proc"), id.PID, want)
	if err != nil {
		return // it ended just now; the next look tells
	}
	status.CPUs.Have, status.CPUs.OK = check.Have.String(), check.OK
	p, err := procinfo.NewProcess(int32(id.PID))
	if err != nil {
		return
	}
	if memory, err := p.MemoryInfo(); err == nil {
		status.RSSBytes = memory.RSS
	}
	if times, err := p.Times(); err == nil {
		status.CPUPercent = u.percent(id, started, times.User+times.System, time.Now())
	}
}

// percent is the share of one CPU that a process took since somebody last
// looked, or since it was started.
func (u *usage) percent(id process.Identity, started time.Time, seconds float64, now time.Time) float64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	last, known := u.seen[id]
	if known && now.Sub(last.at) < sampleEvery {
		return last.percent
	}
	if !known {
		last = cpuSample{at: started}
	}
	sample := cpuSample{at: now, seconds: seconds}
	if d := now.Sub(last.at).Seconds(); d > 0 {
		sample.percent = 100 * max(0, seconds-last.seconds) / d
	}
	u.seen[id] = sample
	return sample.percent
}

// forget drops the samples of processes that are not among those that run.
func (u *usage) forget(running map[process.Identity]bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen == nil {
		u.seen = map[process.Identity]cpuSample{}
	}
	for id := range u.seen {
		if !running[id] {
			delete(u.seen, id)
		}
	}
}
