package supervisor

import (
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/crash"
	"zctl/supervisor/lifecycle"
	"zctl/supervisor/process"
)

// DefaultKeepCrashes is how many crashes of each node are kept if nobody says.
const DefaultKeepCrashes = 10

// keepCrashes is how many crashes are kept in a deployment.
func (d Deployment) keepCrashes() crash.Keep {
	k := crash.Keep{Count: DefaultKeepCrashes, Age: d.CrashExpire}
	if d.KeepCrashes != nil {
		k.Count = *d.KeepCrashes
	}
	return k
}

// crashOf is what there is to be known at once of the end of a process; nil if it
// ended because it was told to. It is called when the process has ended, and before
// anything else happens.
func (n *node) crashOf(proc *process.Process, how process.Exit, cause string) *crash.End {
	if n.state.Phase == lifecycle.Stopping {
		if !brokeOff(how) {
			return nil
		}
		cause = strings.TrimSuffix(cause, ",") + ", when it was told to end,"
	}
	since := n.state.Since
	end := n.newEnd(n.ran, proc.ID().PID, since, how.At)
	end.Cause = cause + " after " + age(since).String()
	end.Code, end.Signal, end.CoreDumped = n.lastExit.Code, n.lastExit.Signal, how.CoreDumped
	end.WasReady, end.Restarts = n.state.WasReady, n.state.Restarts
	end.Usage, end.RSS = usageOf(how.Usage), n.shared.usage.curve(proc.ID())
	end.Generation, end.Spec, end.Env = n.generation, n.digest, n.ranIn
	end.Stdout.From, end.Stderr.From = n.stdoutAt, n.stderrAt
	if end.Status == "" {
		end.Status = n.zeekSays
	}
	return end
}

// newEnd is the end of a process of which nothing else is known.
func (n *node) newEnd(ran Spec, pid int, began, ended time.Time) *crash.End {
	dirs := n.shared.dirs
	end := &crash.End{
		Report: crash.Report{
			Node: n.name, Type: string(ran.Type), Engine: ran.Engine, PID: pid, StartedAt: &began, EndedAt: ended,
			Argv: ran.Argv, CPUs: ran.CPUs.String(),
			Zctl: n.shared.version, Zeek: ran.zeekVersion(),
		},
		Dir: dirs.Node(n.name), Program: ran.Argv[0],
		Stdout: crash.Output{File: dirs.Stdout(n.name), To: fileSize(dirs.Stdout(n.name))},
		Stderr: crash.Output{File: dirs.Stderr(n.name), To: fileSize(dirs.Stderr(n.name))},
	}
	if ran.ReadyBy == ReadyByZeek {
		end.Status = statusIn(n.statusFile())
	}
	return end
}

// brokeOff says whether a process that was told to end did so in another way than by
// ending.
func brokeOff(how process.Exit) bool {
	switch how.Signal {
	case 0, unix.SIGTERM, unix.SIGINT:
		return how.Known && how.Code != 0
	}
	return true
}

// unseenCrash is the end of a process that died while no supervisor ran; nil if it
// died with the host.
func (n *node) unseenCrash(saved savedNode) *crash.End {
	p := saved.Process
	if p == nil || !p.Identity.OfThisBoot() {
		return nil
	}
	end := n.newEnd(saved.Spec, p.PID, p.StartedAt, saved.LastExit.At)
	end.Cause, end.WasReady, end.Restarts = diedUnseen, p.Ready, saved.Restarts
	end.Generation, end.Spec = p.Generation, p.Digest
	if at := p.OutputAt; at != nil {
		end.Stdout.From, end.Stderr.From = at[0], at[1]
	}
	return end
}

// zeekVersion is the version of the Zeek that a node runs, "" if it runs none.
func (s Spec) zeekVersion() string {
	for _, join := range s.Joins {
		if version, ok := strings.CutPrefix(join, "zeek "); ok {
			return version
		}
	}
	return ""
}

func usageOf(r *unix.Rusage) *crash.Usage {
	if r == nil {
		return nil
	}
	return &crash.Usage{
		MaxRSSBytes: r.Maxrss << 10, UserSeconds: seconds(r.Utime), SystemSeconds: seconds(r.Stime),
		MinorFaults: r.Minflt, MajorFaults: r.Majflt, BlocksIn: r.Inblock, BlocksOut: r.Oublock,
		Voluntary: r.Nvcsw, Involuntary: r.Nivcsw,
	}
}

func seconds(t unix.Timeval) float64 { return time.Duration(t.Nano()).Seconds() }
