package supervisor

import (
	"cmp"
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

// crashOf looks at what the successor of a process will change, and says how to put
// together all that is known of its end; nil if it ended because it was told to.
func (n *node) crashOf(proc *process.Process, how process.Exit, cause string) func() *crash.End {
	if n.state.Phase == lifecycle.Stopping {
		if !brokeOff(how) {
			return nil
		}
		cause = strings.TrimSuffix(cause, ",") + ", when it was told to end,"
	}
	state, exit, ran, env := n.state, n.lastExit, n.ran, n.ranIn
	generation, digest := n.generation, n.digest
	stdout, stderr := n.outputs()
	stdout.From, stderr.From = n.stdoutAt, n.stderrAt
	status := cmp.Or(n.statusOf(ran), n.zeekSays)
	return func() *crash.End {
		end := n.newEnd(ran, proc.ID().PID, state.Since, how.At)
		end.Cause = cause + " after " + age(state.Since).String()
		end.Code, end.Signal, end.CoreDumped = exit.Code, exit.Signal, how.CoreDumped
		end.WasReady, end.Restarts = state.WasReady, state.Restarts
		end.Usage, end.RSS = usageOf(how.Usage), n.shared.usage.curve(proc.ID())
		end.Generation, end.Spec, end.Env = generation, digest, env
		end.Stdout, end.Stderr, end.Status = stdout, stderr, status
		return end
	}
}

// outputs is where the output of a process that has ended stands.
func (n *node) outputs() (stdout, stderr crash.Output) {
	out, err := n.shared.dirs.Stdout(n.name), n.shared.dirs.Stderr(n.name)
	return crash.Output{File: out, To: fileSize(out)}, crash.Output{File: err, To: fileSize(err)}
}

// statusOf is what a Zeek that has ended left in its .status, "" for other programs.
func (n *node) statusOf(ran Spec) string {
	if ran.ReadyBy != ReadyByZeek {
		return ""
	}
	return statusIn(n.statusFile())
}

// newEnd is the end of a process, of which its output and status are not known yet.
func (n *node) newEnd(ran Spec, pid int, began, ended time.Time) *crash.End {
	return &crash.End{
		Report: crash.Report{
			Node: n.name, Type: string(ran.Type), Engine: ran.Engine, PID: pid, StartedAt: &began, EndedAt: ended,
			Argv: ran.Argv, CPUs: ran.CPUs.String(),
			Zctl: n.shared.version, Zeek: ran.zeekVersion(),
		},
		Dir: n.shared.dirs.Node(n.name), Program: ran.Argv[0],
	}
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
	end.Stdout, end.Stderr = n.outputs()
	end.Status = n.statusOf(saved.Spec)
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
