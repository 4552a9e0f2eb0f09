package lifecycle

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the expected output of scripts")

// TestScripts plays testdata/*.txt: commands, a line of dashes, what came of
// them. Time stands still but for the command "after". -update rewrites what
// came of them.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) == 0 {
		t.Fatal("no scripts")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(text))
			if *update {
				os.WriteFile(file, []byte(got), 0o644)
				return
			}
			if got != string(text) {
				t.Errorf("got:\n%s", got)
			}
		})
	}
}

// play runs a script and returns it with the output that it really has.
func play(t *testing.T, script string) string {
	n := &player{t: t, now: time.Unix(0, 0), state: State{Phase: Stopped}, policy: Policy{ReadyAfter: time.Second, StopTimeout: 10 * time.Second}}
	var out strings.Builder
	for block := range strings.SplitSeq(strings.TrimSpace(script), "\n\n") {
		commands, _, isTest := strings.Cut(block, "----")
		if !isTest { // prose
			out.WriteString(block + "\n\n")
			continue
		}
		out.WriteString(commands + "----\n")
		for command := range strings.Lines(commands) {
			out.WriteString(n.do(strings.Fields(command)))
		}
		out.WriteString("\n")
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// player is a node as a script sees it.
type player struct {
	t      *testing.T
	now    time.Time
	policy Policy
	state  State
}

var kinds = map[string]Kind{
	"start": Start, "stop": Stop, "restart": Restart, "spawned": Spawned, "spawn-failed": SpawnFailed,
	"spoken": Spoken, "said-ready": SaidReady, "exited": Exited, "emptied": Emptied, "timeout": Timeout, "adopted": Adopted,
}

// do runs one command and tells what came of it.
func (p *player) do(command []string) string {
	verb, args := command[0], command[1:]
	switch verb {
	case "policy":
		p.setPolicy(args)
		return ""
	case "after": // until the deadline if that is sooner, then its timeout
		return p.after(p.duration(args[0]))
	}
	kind, known := kinds[verb]
	if !known {
		p.t.Fatalf("unknown command %q", verb)
	}
	e := Event{Kind: kind, Cause: verb, Since: p.now}
	for _, arg := range args {
		switch arg {
		case "leftover":
			e.Leftover = true
		case "hopeless":
			e.Hopeless = true
		case "was-ready":
			e.Ready = true
		case "unwanted":
			p.state.Wanted = false
		case "wanted":
			p.state.Wanted = true
		default:
			fmt.Sscanf(arg, "jitter=%g", &e.Jitter)
		}
	}
	return p.step(e)
}

func (p *player) step(e Event) string {
	before := p.state
	after, actions := Step(p.policy, before, e, p.now)
	p.state = after
	var out strings.Builder
	if before.Phase != after.Phase {
		fmt.Fprintf(&out, "%s -> %s: %s\n", before.Phase, after.Phase, after.Cause)
	} else if len(actions) == 0 {
		fmt.Fprintf(&out, "%s\n", after.Phase)
	}
	for _, action := range actions {
		fmt.Fprintf(&out, "  %s\n", action)
	}
	if after.Restarts != before.Restarts {
		fmt.Fprintf(&out, "  restarts: %d\n", after.Restarts)
	}
	if d := after.Deadline; !d.Equal(before.Deadline) && !d.IsZero() {
		fmt.Fprintf(&out, "  deadline in %v\n", d.Sub(p.now))
	}
	return out.String()
}

func (p *player) after(d time.Duration) string {
	end := p.now.Add(d)
	var out strings.Builder
	for !p.state.Deadline.IsZero() && !p.state.Deadline.After(end) {
		passed := p.state.Deadline.Sub(p.now)
		p.now = p.state.Deadline
		fmt.Fprintf(&out, "(%v)\n%s", passed, p.step(Event{Kind: Timeout, Cause: "timeout"}))
	}
	p.now = end
	return out.String()
}

func (p *player) setPolicy(args []string) {
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "ready_after":
			p.policy.ReadyAfter = p.duration(value)
		case "stop_timeout":
			p.policy.StopTimeout = p.duration(value)
		case "notify":
			p.policy.NotifyOnly = true
		case "give_up_after":
			fmt.Sscan(value, &p.policy.GiveUpAfter)
		default:
			p.t.Fatalf("unknown policy %q", arg)
		}
	}
}

func (p *player) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

// TestAnyOrder drives the function with events in every order a broken shell
// could produce, and checks what must hold whatever happens: no spawn beside a
// living process, signals only to one, a backoff or stopping always ends.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		p := Policy{ReadyAfter: time.Second, StopTimeout: 3 * time.Second, NotifyOnly: r.IntN(2) == 0, GiveUpAfter: r.IntN(4)}
		s := State{Phase: Stopped}
		now := time.Unix(0, 0)
		alive, leftover := false, false
		for range 300 {
			e := Event{Kind: Kind(r.IntN(int(Timeout) + 1)), Cause: "x", Leftover: r.IntN(4) == 0, Hopeless: r.IntN(4) == 0, Jitter: r.Float64()}
			possible := true
			switch e.Kind {
			case Spawned, SpawnFailed: // only ever an answer to Spawn, below
				possible = false
			case Spoken, SaidReady:
				possible = alive
			case Exited:
				possible = alive
				alive, leftover = alive && !possible, possible && e.Leftover
			case Emptied:
				possible = leftover
				leftover = false
			case Timeout:
				if s.Deadline.IsZero() {
					possible = false
				} else {
					now = s.Deadline
				}
			}
			if !possible {
				continue
			}
			now = now.Add(time.Millisecond)
			var actions []Action
			s, actions = Step(p, s, e, now)
			for len(actions) > 0 {
				a := actions[0]
				actions = actions[1:]
				switch a {
				case Spawn:
					if alive || leftover {
						t.Fatalf("seed %d: spawn beside a living process after %v in %+v", seed, e.Kind, s)
					}
					reply := Event{Kind: Spawned}
					if alive = r.IntN(5) > 0; !alive {
						reply = Event{Kind: SpawnFailed, Cause: "y"}
					}
					var more []Action
					s, more = Step(p, s, reply, now)
					actions = append(actions, more...)
				case Term:
					if !alive {
						t.Fatalf("seed %d: TERM to nobody", seed)
					}
				}
			}
			switch {
			case s.Phase.Up() != alive && s.Phase != Stopping:
				t.Fatalf("seed %d: %s, process alive: %v", seed, s.Phase, alive)
			case (s.Phase == Backoff || s.Phase == Stopping) && s.Deadline.IsZero():
				t.Fatalf("seed %d: %s without a deadline", seed, s.Phase)
			case s.Phase == Starting:
				t.Fatalf("seed %d: still starting", seed)
			}
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	want := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second}
	for i, w := range want {
		if got := backoff(i+1, 0); got != w {
			t.Errorf("failure %d: %v, want %v", i+1, got, w)
		}
		if got := backoff(i+1, 0.999); got < w*3/4 || got >= w {
			t.Errorf("failure %d with jitter: %v, want 3/4 of %v", i+1, got, w)
		}
	}
	if got := backoff(1<<20, 0); got != LongestDelay {
		t.Errorf("a million failures: %v", got)
	}
}
