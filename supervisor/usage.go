package supervisor

import (
	"slices"
	"sync"
	"time"

	procinfo "github.com/shirou/gopsutil/v3/process"

	"zctl/cpuaffinity"
	"zctl/supervisor/crash"
	"zctl/supervisor/process"
)

// usage is what running nodes consume and where they may run, read when
// somebody looks and never otherwise.
type usage struct {
	mu   sync.Mutex // guards seen
	seen map[process.Identity]cpuSample
	rss  map[process.Identity][]crash.Sample // the first ones first
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
	check, err := cpuaffinity.Verify(id.PID, want)
	if err != nil {
		return // it ended just now; the next look tells
	}
	status.CPUs.Have, status.CPUs.OK = check.Have.String(), check.OK
	p := &procinfo.Process{Pid: int32(id.PID)} // its New looks for what we do not need
	if memory, err := p.MemoryInfo(); err == nil {
		status.RSSBytes = memory.RSS
		u.remember(id, memory.RSS)
	}
	if times, err := p.Times(); err == nil {
		status.CPUSeconds = times.User + times.System
		status.CPUPercent = u.percent(id, started, status.CPUSeconds, time.Now())
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

// mostSamples is how many samples of a process's memory are kept. Of more than that
// every other one is dropped, so that they always cover its whole life.
const mostSamples = 64

func (u *usage) remember(id process.Identity, rss uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	samples := u.rss[id]
	if len(samples) > 0 && time.Since(samples[len(samples)-1].At) < sampleEvery {
		return
	}
	if len(samples) >= mostSamples {
		kept := samples[:0]
		for i := 0; i < len(samples); i += 2 {
			kept = append(kept, samples[i])
		}
		samples = kept
	}
	u.rss[id] = append(samples, crash.Sample{At: time.Now(), Bytes: rss})
}

// curve is the memory of a process as far as somebody looked.
func (u *usage) curve(id process.Identity) []crash.Sample {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.rss[id])
}

// forget drops the samples of processes that are not among those that run.
func (u *usage) forget(running map[process.Identity]bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen == nil {
		u.seen = map[process.Identity]cpuSample{}
		u.rss = map[process.Identity][]crash.Sample{}
	}
	for id := range u.seen {
		if !running[id] {
			delete(u.seen, id)
		}
	}
	for id := range u.rss {
		if !running[id] {
			delete(u.rss, id)
		}
	}
}
