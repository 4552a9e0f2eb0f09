package crash

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Keep says how much is kept.
type Keep struct {
	Count int           // for each node; 0: nothing is collected
	Age   time.Duration // 0: for ever
}

// Collector makes directories of ends, in the background. It costs nothing while
// nobody ends.
type Collector struct {
	dir   string
	alert func(error) // what could not be kept
	wait  sync.WaitGroup
	stop  chan struct{} // closed at the end

	mu      sync.Mutex // guards what follows
	keep    Keep
	queue   []End
	idle    chan struct{} // closed when nothing is left to write down; nil before there ever was
	working bool
	tracing bool // a debugger runs
	closed  bool
	lost    int // ends that found the queue full
	tidied  time.Time
}

// New makes a collector for a directory, which need not exist. alert is called with
// what could not be kept.
func New(dir string, alert func(error)) *Collector {
	return &Collector{dir: dir, alert: alert, stop: make(chan struct{})}
}

// SetKeep says how much is kept from now on.
func (c *Collector) SetKeep(k Keep) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep = k
}

// mostWaiting bounds the queue: a host whose nodes die faster than one can write that
// down has told enough.
const mostWaiting = 100

// Add has an end collected. It waits for nothing.
func (c *Collector) Add(e End) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed || c.keep.Count <= 0:
		return
	case len(c.queue) >= mostWaiting:
		c.lost++
		return
	}
	c.queue = append(c.queue, e)
	if !c.working {
		c.working, c.idle = true, make(chan struct{})
		c.wait.Go(c.work)
	}
}

// Settle waits until what was added so far is written down, but not for long: for who
// wants to read it.
func (c *Collector) Settle(patience time.Duration) {
	c.mu.Lock()
	idle := c.idle
	c.mu.Unlock()
	if idle == nil {
		return
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-idle:
	case <-timeout.C:
	}
}

// Close waits until what was added is written down. Debuggers are ended.
func (c *Collector) Close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.stop)
	}
	c.mu.Unlock()
	c.wait.Wait()
}

// after is how long after an end it is collected: a successor has better use for the
// CPU then, and Zeek does not touch the files of its predecessor before that.
const after = 20 * time.Millisecond

func (c *Collector) work() {
	select {
	case <-time.After(after):
	case <-c.stop:
	}
	for {
		c.mu.Lock()
		if len(c.queue) == 0 {
			c.working, c.queue = false, nil
			close(c.idle)
			c.mu.Unlock()
			return
		}
		e, keep, lost := c.queue[0], c.keep, c.lost
		c.queue, c.lost = c.queue[1:], 0
		c.mu.Unlock()
		if lost > 0 {
			e.note("%d ends before this one were too many to collect", lost)
		}
		if err := c.collect(&e, keep); err != nil {
			c.alert(fmt.Errorf("cannot keep the crash of %s: %w", e.Node, err))
		}
		if c.mayTidy() { // what others left grows old, too
			c.Tidy()
		}
	}
}

// unfinished begins the names of directories that are not whole yet.
const unfinished = ".unfinished-"

// collect makes the directory of one end, and removes those that need not be kept any
// more.
func (c *Collector) collect(e *End, keep Keep) error {
	e.Name = e.name()
	tmp := filepath.Join(c.dir, unfinished+e.Name)
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	core := takeCore(e, tmp) // first: the successor may leave one of the same name
	gatherFiles(e, tmp)
	readKernelLog(&e.Report)
	explain(&e.Report)
	replaced := c.joinSeries(&e.Report)
	if err := writeReport(tmp, &e.Report); err != nil {
		return err
	}
	final := filepath.Join(c.dir, e.Name)
	if err := os.Rename(tmp, final); err != nil {
		return err
	}
	if replaced != "" {
		os.RemoveAll(filepath.Join(c.dir, replaced))
	}
	if core != "" || viaCoredumpctl(&e.Report) {
		c.trace(e, final)
	}
	return c.prune(e.Node, keep, time.Now())
}

// reportFile is the file with the report, in each directory.
const reportFile = "crash.json"

func writeReport(dir string, r *Report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, reportFile+".new"), append(text, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(filepath.Join(dir, reportFile+".new"), filepath.Join(dir, reportFile))
	}
	return err
}

// Ends are a series if the processes did not live longer than shortLife and died
// within apart.
const (
	shortLife = time.Minute
	apart     = 2 * time.Minute
)

// joinSeries says where an end stands in a series. It returns the directory that it
// replaces, "" if it replaces none.
func (c *Collector) joinSeries(r *Report) (replaced string) {
	r.Series = Series{Number: 1, First: r.Name}
	all, err := List(c.dir, r.Node)
	if err != nil || len(all) == 0 {
		return ""
	}
	last := all[0]
	if !r.alike(&last) || r.lasted() > shortLife || r.EndedAt.Sub(last.EndedAt) > apart {
		return ""
	}
	r.Series = Series{Number: last.Series.Number + 1, First: last.Series.First}
	if last.Series.Number > 1 {
		return last.Name
	}
	return ""
}

// prune removes what is too much or too old of a node, with "" of all. Of cores only
// the newest of each node stays.
func (c *Collector) prune(node string, keep Keep, now time.Time) error {
	all, err := List(c.dir, node)
	if err != nil {
		return err
	}
	var errs []error
	kept, cores := map[string]int{}, map[string]bool{}
	for _, r := range all { // the newest first
		kept[r.Node]++
		if kept[r.Node] > keep.Count || keep.Age > 0 && now.Sub(r.EndedAt) > keep.Age {
			errs = append(errs, os.RemoveAll(filepath.Join(c.dir, r.Name)))
			continue
		}
		core := filepath.Join(c.dir, r.Name, coreFile)
		if _, err := os.Lstat(core); err == nil {
			if cores[r.Node] {
				errs = append(errs, os.Remove(core))
			}
			cores[r.Node] = true
		}
	}
	return errors.Join(errs...)
}

// mayTidy says whether that was long ago.
func (c *Collector) mayTidy() bool {
	const often = time.Hour
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.tidied) > often
}

// Tidy removes what an earlier collector did not finish, and what is too much by now.
func (c *Collector) Tidy() {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return // nobody ever crashed
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), unfinished) {
			os.RemoveAll(filepath.Join(c.dir, entry.Name()))
		}
	}
	c.mu.Lock()
	keep := c.keep
	c.tidied = time.Now()
	c.mu.Unlock()
	if keep.Count > 0 {
		if err := c.prune("", keep, time.Now()); err != nil {
			c.alert(fmt.Errorf("cannot remove old crashes: %w", err))
		}
	}
}
