package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// What Zeek 8.1.2's logger took for the same records on two CPUs. It is not measured
// here.
const zeekLogger = "Zeek 8.1.2, not here"

// logFormat is a format of logs, what a record in it may cost and what it cost Zeek.
type logFormat struct {
	name       string
	limit      float64 // µs of CPU
	zeek       float64
	cpu, rate  figures
	allocs     figures
	rss        figures   // with one sender
	rush       []figures // with many
	answered   figures   // k/s of a node in Go
	batchBytes int64     // of text
}

func logFormats() []*logFormat {
	all := []*logFormat{{name: "tsv", limit: 1, zeek: 3.9}, {name: "json", limit: 1.2, zeek: 3.4}}
	for _, f := range all {
		f.cpu.unit, f.rate.unit, f.rss.unit = "µs", "k/s", "MiB"
		f.answered.unit = "k/s"
		for range rushes {
			f.rush = append(f.rush, figures{unit: "MiB"})
		}
	}
	return all
}

// Loads of a logger, in batches of a thousand records.
const (
	logBatches    = 3000
	rushBatches   = 3200 // of all together
	rotationBytes = 1_000_000_000
	pacedBatches  = 600 // around the rotation
	pace          = 5 * time.Millisecond
)

// rushes is how many send at the same time.
var rushes = []int{32, 200}

// Limits: Zeek's rate is no measure for them.
const (
	leastLogRate = 1000 // thousands of records a second
	mostLogRSS   = 128  // MiB
	mostDelay    = 200  // ms
	mostLogAlloc = 0.1  // per record
)

func loggerSection(ctx context.Context, w *workbench) ([]row, error) {
	var program string
	if err := w.goBuild(ctx, "zctl/scripts/bench/logs", &program); err != nil {
		return nil, err
	}
	module, err := command(ctx, nil, "go", "list", "-f", "{{.Dir}}", "zctl/nodes/logwire").Output()
	if err != nil {
		return nil, fmt.Errorf("cannot find the recorded batches: %w", err)
	}
	b := logBench{w, bus{name: "logs", program: program, counts: true}, filepath.Join(string(module[:len(module)-1]), "testdata", "batches.jsonl")}
	formats := logFormats()
	const rounds = 3
	err = turns(w.roundsOr(rounds), formats, func(f *logFormat) error {
		return errors.Join(b.steady(ctx, f), b.answered(f))
	})
	if err == nil {
		err = turns(1, formats, func(f *logFormat) error { return b.rush(ctx, f) })
	}
	if err != nil {
		return nil, err
	}
	rotation, err := b.rotation(ctx, formats[0])
	return append(logRows(formats), rotation...), err
}

func logRows(formats []*logFormat) []row {
	var rows []row
	for _, f := range formats {
		what := f.name + ": "
		cpu := limited(f.limit, what+"logger's CPU per record", f.cpu)
		cpu.other, cpu.their, cpu.ratio = zeekLogger, digits(f.zeek)+" µs", fmt.Sprintf("%.2f", f.cpu.median()/f.zeek)
		rate := limited(leastLogRate, what+"records", f.rate)
		rate.target, rate.verdict = ">= "+digits(leastLogRate), verdict(f.rate.median() >= leastLogRate)
		rows = append(rows, cpu, rate,
			limited(mostLogAlloc, what+"allocations per record", f.allocs),
			row{what: what + "records of a Go node, until it knows that they are in the file", ours: f.answered.String()},
			limited(mostLogRSS, what+"peak RSS, 1 sender that never waits", f.rss))
		for i, senders := range rushes {
			rows = append(rows, limited(mostLogRSS, fmt.Sprintf("%speak RSS, %d of them", what, senders), f.rush[i]))
		}
	}
	return rows
}

// logBench is what runs on a workbench.
type logBench struct {
	*workbench
	bus
	batches string // the file of recorded ones
}

// runningLogger is a logger at work.
type runningLogger struct {
	*busProcess
	port, dir string
}

func (b logBench) logger(format string, size int64) (*runningLogger, error) {
	s, err := b.site()
	if err != nil {
		return nil, err
	}
	port, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	l := &runningLogger{port: strconv.Itoa(port), dir: s.dir}
	if l.busProcess, err = b.start("logger", l.port, l.dir, format, strconv.FormatInt(size, 10)); err != nil {
		return nil, err
	}
	_, err = l.line()
	return l, err
}

// conn is its live log.
func (l *runningLogger) conn() string { return filepath.Join(l.dir, "conn.log") }

// rss is the most memory it ever had, in MiB.
func (l *runningLogger) rss() float64 {
	return float64(procNumber(fmt.Sprintf("/proc/%d/status", l.cmd.Process.Pid), "VmHWM")) / 1024
}

// remove ends it and removes what it wrote, which is much.
func (l *runningLogger) remove() {
	l.end()
	os.RemoveAll(l.dir)
}

// kill is remove for one that is still archiving.
func (l *runningLogger) kill() {
	_ = l.cmd.Process.Kill()
	l.remove()
}

// senders starts senders that are connected, and begin when told to.
func (b logBench) senders(l *runningLogger, n, batches int, pause time.Duration) (begin func() error, end func(), err error) {
	s, err := b.start("send", l.port, b.batches, strconv.Itoa(batches), pause.String(), strconv.Itoa(n))
	if err != nil {
		return nil, nil, err
	}
	if _, err = s.line(); err != nil {
		s.end()
		return nil, nil, err
	}
	begin = func() error {
		_, err := s.in.Write([]byte("\n"))
		return err
	}
	return begin, func() { s.end() }, nil
}

// send sends batches with so many senders, and returns how long it was until size
// bytes were in the live log, or nearly.
func (b logBench) send(ctx context.Context, l *runningLogger, senders, batches int, size int64) (time.Duration, error) {
	begin, end, err := b.senders(l, senders, batches, 0)
	if err != nil {
		return 0, err
	}
	defer end()
	start := now()
	if err := begin(); err != nil {
		return 0, err
	}
	const patience = time.Minute
	for {
		info, err := os.Stat(l.conn())
		if err == nil && info.Size() >= size {
			return now() - start, nil
		}
		if now()-start > patience {
			return 0, fmt.Errorf("cannot measure the logger: %d bytes did not come within %v", size, patience)
		}
		if err := sleep(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// unflushed is how much of the text may still wait for more, for a second.
const unflushed = 1 << 20

// warm has the logger write its first batches, and learns how long their text is.
func (b logBench) warm(ctx context.Context, l *runningLogger, f *logFormat) (size int64, err error) {
	const first = 10
	begin, end, err := b.senders(l, 1, first, 0)
	if err != nil {
		return 0, err
	}
	defer end() // not before all of it was read
	if err := begin(); err != nil {
		return 0, err
	}
	if err := sleep(ctx, 1500*time.Millisecond); err != nil { // it flushes each second
		return 0, err
	}
	info, err := os.Stat(l.conn())
	if err != nil {
		return 0, err
	}
	f.batchBytes = info.Size() / first // with a header of some bytes
	return info.Size(), nil
}

// steady measures one sender that is always faster than the logger.
func (b logBench) steady(ctx context.Context, f *logFormat) error {
	l, err := b.logger(f.name, 0)
	if err != nil {
		return err
	}
	defer l.remove()
	size, err := b.warm(ctx, l, f)
	if err != nil {
		return err
	}
	before, err := l.spent()
	if err != nil {
		return err
	}
	took, err := b.send(ctx, l, 1, logBatches, size+logBatches*f.batchBytes-unflushed)
	if err != nil {
		return err
	}
	after, err := l.spent()
	const records = logBatches * 1000
	f.cpu.add(float64((after.cpu - before.cpu).Nanoseconds()) / records / 1e3)
	f.allocs.add((after.allocs - before.allocs) / records)
	f.rate.add(records / took.Seconds() / 1e3)
	f.rss.add(l.rss())
	return err
}

// answered measures a sender that keeps batches until the logger has written them.
func (b logBench) answered(f *logFormat) error {
	l, err := b.logger(f.name, 0)
	if err != nil {
		return err
	}
	defer l.remove()
	const hwm = "1000" // Zeek's log_sndhwm
	s, err := b.start("push", l.port, b.batches, strconv.Itoa(logBatches), hwm)
	if err != nil {
		return err
	}
	defer s.end()
	if _, err := s.line(); err != nil {
		return err
	}
	start := now()
	if _, err := s.in.Write([]byte("\n")); err != nil {
		return err
	}
	if _, err := s.line(); err != nil {
		return err
	}
	f.answered.add(logBatches / (now() - start).Seconds())
	return nil
}

// rush measures many senders at once.
func (b logBench) rush(ctx context.Context, f *logFormat) error {
	for i, senders := range rushes {
		rss, err := b.rushOf(ctx, f, senders)
		if err != nil {
			return err
		}
		f.rush[i].add(rss)
	}
	return nil
}

func (b logBench) rushOf(ctx context.Context, f *logFormat, senders int) (float64, error) {
	l, err := b.logger(f.name, 0)
	if err != nil {
		return 0, err
	}
	defer l.remove()
	each := rushBatches / senders
	if _, err = b.send(ctx, l, senders, each, int64(senders*each)*f.batchBytes-unflushed); err != nil {
		return 0, err
	}
	return l.rss(), nil
}

// rotation measures how long records take to their file while one of a gigabyte is
// rotated, and then compressed.
func (b logBench) rotation(ctx context.Context, f *logFormat) ([]row, error) {
	l, err := b.logger(f.name, rotationBytes)
	if err != nil {
		return nil, err
	}
	defer l.kill()
	most := int(rotationBytes/f.batchBytes) - pacedBatches/4
	if _, err := b.send(ctx, l, 1, most, int64(most)*f.batchBytes-unflushed); err != nil {
		return nil, err
	}
	const behind = 20 // so that the last that counts does not wait for more
	begin, end, err := b.senders(l, 1, pacedBatches+behind, pace)
	if err != nil {
		return nil, err
	}
	defer end()
	t, err := newTail(l.conn())
	if err != nil {
		return nil, err
	}
	defer t.close()
	if err := begin(); err != nil {
		return nil, err
	}
	if err := t.follow(ctx, pacedBatches); err != nil {
		return nil, err
	}
	delay := figures{unit: "ms"}
	for _, d := range t.delays {
		delay.add(float64(d) / float64(time.Millisecond))
	}
	worst := figures{unit: "ms", values: []float64{float64(t.delays.quantile(1)) / float64(time.Millisecond)}}
	typical := row{what: fmt.Sprintf("%s: a record from the sender to the file, %d k/s", f.name, time.Second/pace), ours: delay.String()}
	return []row{typical, limited(mostDelay, fmt.Sprintf("%s: the slowest, %d rotation of 1 GB meanwhile", f.name, t.files-1), worst)}, nil
}
