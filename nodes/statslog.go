package nodes

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"syscall"
	"time"

	"zctl/nodes/logstream"
)

// statsLine is a record of Stats::LOG, the stream that becomes stats.log. Of the fields
// of Zeek's (policy/misc/stats) ts and events_queued are the same; node is Zeek's peer,
// events_in Zeek's events_proc, and rss, in bytes, Zeek's mem in MB. What Zeek counts
// of packets and connections a node in Go has not; the rest is not in Zeek's. A Zeek
// logger therefore does not take it, and says so.
type statsLine struct {
	TS            time.Time     `log:"ts"`
	Node          string        `log:"node"`
	PID           int           `log:"pid"`
	RSS           uint64        `log:"rss"`            // bytes of memory
	CPU           time.Duration `log:"cpu"`            // user and system, since the node started
	EventsIn      uint64        `log:"events_in"`      // since the node started, as all that follow
	EventsOut     uint64        `log:"events_out"`     //
	EventsQueued  uint64        `log:"events_queued"`  // now
	EventsDropped uint64        `log:"events_dropped"` // the node was too slow
	EventsUnsent  uint64        `log:"events_unsent"`  // the bus was too slow
	LogsWritten   uint64        `log:"logs_written"`   // records, as all that follow
	LogsSent      uint64        `log:"logs_sent"`      //
	LogsWaiting   uint64        `log:"logs_waiting"`   // now, in memory
	LogsOnDisk    uint64        `log:"logs_on_disk"`   // now
	LogsDropped   uint64        `log:"logs_dropped"`
}

var statsLog = logstream.ID{Stream: "Stats::LOG", Path: "stats"}

// defaultStatsInterval is that of Zeek's (Stats::report_interval).
const defaultStatsInterval = 5 * time.Minute

// logStats writes a record of stats.log from time to time, until ctx ends.
func (n *Node) logStats(ctx context.Context) {
	if n.o.StatsInterval < 0 {
		return
	}
	every := time.NewTicker(n.o.StatsInterval)
	defer every.Stop()
	for {
		select {
		case now := <-every.C:
			n.logs.refuse(n.stats.TryWrite(n.statsLine(now)))
		case <-ctx.Done():
			return
		}
	}
}

func (n *Node) statsLine(now time.Time) statsLine {
	events, logs := n.Stats(), n.LogStats()
	return statsLine{
		TS: now, Node: n.o.Name, PID: os.Getpid(), RSS: rss(), CPU: cpuTime(),
		EventsIn: events.Incoming, EventsOut: events.Outgoing, EventsQueued: uint64(n.Queued()),
		EventsDropped: events.Dropped, EventsUnsent: events.Unsent,
		LogsWritten: logs.Written.Records, LogsSent: logs.Sent.Records, LogsWaiting: logs.Waiting.Records,
		LogsOnDisk: logs.OnDisk.Records, LogsDropped: logs.Dropped.Records,
	}
}

// rss is the memory of this process, 0 if the system does not say.
func rss() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(string(fields[1]), 10, 64)
	return pages * uint64(os.Getpagesize())
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
