package zmq

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// interpreter finds a Python with libzmq, such as Debian's python3-zmq, and skips the test where there is none.
func interpreter(t *testing.T) string {
	t.Helper()
	path := findInterpreter()
	if path == "" {
		t.Skip("no Python with pyzmq to test against libzmq: apt install python3-zmq")
	}
	return path
}

var findInterpreter = sync.OnceValue(func() string {
	for _, path := range []string{"/usr/bin/python3", "python3"} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if exec.CommandContext(ctx, path, "-c", "import zmq").Run() == nil {
			return path
		}
	}
	return ""
})

// libzmq is a process of testdata/peer.py.
type libzmq struct {
	*events
	cmd   *exec.Cmd
	stdin io.WriteCloser
	read  sync.WaitGroup
}

func startLibzmq(t *testing.T, args ...string) *libzmq {
	t.Helper()
	return startLibzmqPinging(t, 200*time.Millisecond, args...)
}

// startLibzmqPinging is startLibzmq with another interval of PINGs; 0 means none.
func startLibzmqPinging(t *testing.T, every time.Duration, args ...string) *libzmq {
	t.Helper()
	return startLibzmqIn(t, []string{fmt.Sprintf("PEER_HEARTBEAT=%d", every.Milliseconds())}, args...)
}

// startLibzmqIn is startLibzmq with more variables in its environment.
func startLibzmqIn(t *testing.T, env []string, args ...string) *libzmq {
	t.Helper()
	p := &libzmq{events: newEvents(), cmd: exec.Command(interpreter(t), append([]string{"testdata/peer.py"}, args...)...)}
	p.cmd.Stderr = os.Stderr
	p.cmd.Env = append(os.Environ(), env...)
	var err error
	p.stdin, err = p.cmd.StdinPipe()
	check(t, err)
	stdout, err := p.cmd.StdoutPipe()
	check(t, err)
	check(t, p.cmd.Start())
	p.read.Go(func() {
		lines := bufio.NewScanner(stdout)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			p.add("%s", lines.Text())
		}
	})
	t.Cleanup(p.kill)
	return p
}

func (p *libzmq) do(t *testing.T, commands ...string) {
	t.Helper()
	_, err := io.WriteString(p.stdin, strings.Join(commands, "\n")+"\n")
	check(t, err)
}

// kill ends it as kill -9 does.
func (p *libzmq) kill() {
	p.cmd.Process.Kill()
	p.read.Wait()
	_ = p.cmd.Wait()
}

// quit lets it flush and end.
func (p *libzmq) quit(t *testing.T) {
	t.Helper()
	p.do(t, "quit")
	p.read.Wait()
	check(t, p.cmd.Wait())
}

// word returns the rest of the line that begins with the given word.
func (p *libzmq) word(t *testing.T, word string) (rest string) {
	t.Helper()
	p.await(t, word, func(list []string) bool {
		for _, line := range list {
			if after, ok := strings.CutPrefix(line, word+" "); ok {
				rest = after
			}
		}
		return rest != ""
	})
	return rest
}

// never demands that an event did not occur so far.
func (e *events) never(t *testing.T, event string) {
	t.Helper()
	if list, _ := e.all(); count(list, event) > 0 {
		t.Errorf("%q occurred among %d events:\n%.300s", event, len(list), strings.Join(list, " "))
	}
}

// Two libzmq nodes as Zeek opens them, and one of ours, on our broker. The libzmq nodes ping every 200 ms and hang up
// after a second without an answer.
func TestLibzmqNodesOnOurBroker(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	one, two := startLibzmq(t, "node", b.XSubEndpoint(), b.XPubEndpoint()), startLibzmq(t, "node", b.XSubEndpoint(), b.XPubEndpoint())
	ours := startNode(t, b, Options{})
	one.do(t, "+id.one", "+shared")
	two.do(t, "+id.two", "+shared")
	check(t, ours.sub.Subscribe("id.ours"))
	for _, e := range []*events{one.events, two.events, ours.pubEvent} {
		e.has(t, "+id.one", "+id.two", "+shared", "+id.ours")
	}
	one.do(t, "> id.two|hello||", "> id.ours|hello|from|one", "> shared|x")
	check(t, ours.pub.Send(message("id.one", "hello", "from", "us")))
	one.has(t, "id.one|hello|from|us", "shared|x")
	two.has(t, "id.two|hello||", "shared|x")
	ours.subEvent.has(t, "id.ours|hello|from|one")

	two.do(t, "-shared", "+later")
	one.has(t, "+later")
	one.never(t, "-shared") // one holds it still
	one.do(t, "-shared")
	two.has(t, "-shared")
	ours.pubEvent.has(t, "-shared")

	two.kill()
	one.has(t, "-id.two", "-later")
	ours.pubEvent.has(t, "-id.two", "-later")
	ours.sub.Close()
	one.has(t, "-id.ours")

	heartbeats(t)
	one.do(t, "burst 20000 id.one")
	one.has(t, "id.one|19999")
	one.never(t, "lost")
	one.quit(t)
}

// Our nodes on libzmq's proxy, which goes away without a word and comes back elsewhere in time.
func TestOurNodesOnLibzmqProxy(t *testing.T) {
	t.Parallel()
	proxy := startLibzmq(t, "proxy")
	xpub, xsub := proxy.word(t, "xpub"), proxy.word(t, "xsub")
	a, b := startNodeAt(t, xsub, xpub, Options{}), startNodeAt(t, xsub, xpub, Options{})
	theirs := startLibzmq(t, "node", xsub, xpub)
	check(t, a.sub.Subscribe("id.a"))
	check(t, b.sub.Subscribe("id.b"))
	theirs.do(t, "+id.theirs")
	for _, e := range []*events{a.pubEvent, b.pubEvent, theirs.events} {
		e.has(t, "+id.a", "+id.b", "+id.theirs")
	}
	late := startNodeAt(t, xsub, xpub, Options{})
	late.pubEvent.has(t, "+id.a", "+id.b", "+id.theirs")
	check(t, a.pub.Send(message("id.b", "from a", "", "x")))
	check(t, a.pub.Send(message("id.theirs", "from a", strings.Repeat("y", 70_000))))
	theirs.do(t, "> id.a|from them")
	b.subEvent.has(t, "id.b|from a||x")
	a.subEvent.has(t, "id.a|from them")
	theirs.has(t, "id.theirs|from a|"+strings.Repeat("y", 70_000))
	check(t, a.sub.Unsubscribe("id.a"))
	b.pubEvent.has(t, "-id.a")
	theirs.kill()
	b.pubEvent.has(t, "-id.theirs")
	b.close()
	a.pubEvent.has(t, "-id.b")
	proxy.kill()
	a.pubEvent.has(t, "down")
	a.subEvent.has(t, "down")
	for _, invented := range []string{"-id.late", "-probe"} {
		a.pubEvent.never(t, invented)
	}
}

func TestLibzmqPushToOurPull(t *testing.T) {
	t.Parallel()
	got := newEvents()
	pull, err := BindPull("tcp://127.0.0.1:0", Options{}, func(m Message) { got.add("%s|%s", m[0], m[1]) })
	check(t, err)
	defer pull.Close()
	push := startLibzmq(t, "push", pull.Endpoint())
	push.do(t, "burst 5000 log-write")
	got.has(t, "log-write|4999")
	heartbeats(t)
	push.never(t, "lost")
	push.do(t, "burst 500 more")
	push.quit(t)
	got.has(t, "more|499")
	if list, _ := got.all(); len(list) != 5500 {
		t.Errorf("got %d messages, want 5500", len(list))
	}
}

func TestOurPushToLibzmqPulls(t *testing.T) {
	t.Parallel()
	one, two := startLibzmq(t, "pull"), startLibzmq(t, "pull")
	push := startPush(t, patient, one.word(t, "at"), two.word(t, "at"))
	for range 500 {
		check(t, push.Send(message("log-write", "x")))
	}
	for _, p := range []*libzmq{one, two} {
		p.await(t, "half of the messages", func(list []string) bool { return count(list, "log-write|x") == 250 })
	}
	heartbeats(t)
	one.never(t, "lost")
	two.never(t, "lost")
	for range 500 {
		check(t, push.Send(message("log-write", "y")))
	}
	check(t, push.Close())
	for _, p := range []*libzmq{one, two} {
		p.await(t, "the other half", func(list []string) bool { return count(list, "log-write|y") == 250 })
	}
}

// heartbeats gives peers the time for several heartbeats, and to hang up for want of an answer to the first: what is
// tested is that nothing happens in that time.
func heartbeats(t *testing.T) {
	t.Helper()
	time.Sleep(1600 * time.Millisecond)
}

// A libzmq publisher that our broker makes wait keeps its connection, although its PINGs cannot be read meanwhile.
func TestLibzmqPublisherWaits(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{Options: small})
	n := startNode(t, b, small)
	stuckSubscriber(t, b, n, "t")
	theirs := startLibzmq(t, "node", b.XSubEndpoint(), b.XPubEndpoint())
	theirs.has(t, "+t")
	big := strings.Repeat("x", 20_000)
	theirs.do(t, "+bye")
	eventually(t, "the publisher to be stopped", func() bool {
		theirs.do(t, "> t|"+big)
		list, _ := theirs.all()
		return count(list, "again") > 0
	})
	heartbeats(t)
	theirs.never(t, "lost")
	theirs.never(t, "-bye")
}
