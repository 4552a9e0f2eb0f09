package parse

// pace is how many runs there may be at the same time: as many as there are
// CPUs, and as fit into memory. What one takes is not known before the first has
// ended, which therefore runs alone.
type pace struct {
	cpus    int
	memory  int64 // for all of them, in bytes
	largest int64 // of those that have ended, in bytes; 0: none has
}

func (p *pace) learn(rss int64) { p.largest = max(p.largest, rss, 1) }

// atOnce is never 0: one that takes more than there is has to be tried.
func (p *pace) atOnce() int {
	if p.largest == 0 {
		return 1
	}
	return max(1, min(p.cpus, int(p.memory/p.largest)))
}
