package archive

import "sync"

// Stats is what an Archiver has done, and what it has to do.
type Stats struct {
	Queued        int    // logs to archive, with the one at hand; once closed, those left behind
	Archived      uint64 // logs
	Bytes         uint64 // of their archives
	Failures      uint64 // attempts that failed; each is repeated
	Gone          uint64 // logs that were not there any more
	PostQueued    int    // archived logs that the command is still to be run for
	PostProcessed uint64 // archived logs the command was run for, whatever came of it
	PostFailures  uint64 // … that it failed for
	Trouble       string // why the last attempt failed; "" if it did not
}

// counts counts for Stats.
type counts struct {
	mu       sync.Mutex // guards what follows
	stats    Stats      // without the queues
	working  int        // 1 while a log is archived
	leftOver int        // logs that were given up because of the end
}

// Stats may be called at any time.
func (a *Archiver) Stats() Stats {
	jobs, archived := a.jobs.len(), a.archived.len()
	a.counts.mu.Lock()
	defer a.counts.mu.Unlock()
	s := a.counts.stats
	s.Queued = jobs + a.counts.working + a.counts.leftOver
	s.PostQueued = archived
	return s
}

func (c *counts) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working = 1
}

func (c *counts) archived(log Log) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working = 0
	c.stats.Archived++
	c.stats.Bytes += uint64(log.Size)
	c.stats.Trouble = ""
}

func (c *counts) gone() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working = 0
	c.stats.Gone++
}

// failed counts an attempt; queued says whether there is to be another.
func (c *counts) failed(err error, queued bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working = 0
	c.stats.Failures++
	c.stats.Trouble = err.Error()
	if !queued {
		c.leftOver++
	}
}

func (c *counts) postProcessed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.PostProcessed++
	if err != nil {
		c.stats.PostFailures++
	}
}
