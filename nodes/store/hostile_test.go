package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"zctl/nodes/event"
)

// hostile is a message that somebody could send who means no good: numbers at the edges,
// and ids of others.
func hostile(rng *rand.Rand, now time.Time, ids []string) message {
	number := func() uint64 {
		switch rng.IntN(5) {
		case 0:
			return uint64(rng.IntN(20))
		case 1:
			return maxNumber - 1 - uint64(rng.IntN(3))
		case 2:
			return uint64(now.UnixNano()) + uint64(rng.IntN(1000))
		case 3:
			return uint64(now.Add(maxAhead).UnixNano()) + uint64(rng.IntN(1000))
		}
		return rng.Uint64N(maxNumber)
	}
	id := func() string { return ids[rng.IntN(len(ids))] }
	value := func() event.Value { return event.Count(rng.Uint64N(5)) }
	changes := make([]Change, rng.IntN(4))
	for i := range changes {
		changes[i] = Change{ChangeKind(1 + rng.IntN(4)), value(), value(), time.Unix(0, int64(rng.Uint64()))}
	}
	switch rng.IntN(8) {
	case 0:
		return alive{number(), number(), number(), number()}
	case 1:
		return changed{number(), number(), changes}
	case 2:
		for i := range changes {
			changes[i].Kind = ChangePut
		}
		return chunk{number(), number(), number(), number(), number(), rng.IntN(2) == 0, changes}
	case 3:
		return done{number(), number(), number(), number(), rng.IntN(2) == 0, []outcome{{number(), code(rng.IntN(256))}, {number(), 1}}}
	case 4:
		return claim{number()}
	case 5:
		return attach{id(), number(), number(), number(), number(), rng.IntN(2) == 0}
	case 6:
		return repeat{id(), number(), number()}
	}
	ops := make([]Op, rng.IntN(4))
	for i := range ops {
		ops[i] = Op{OpKind(rng.IntN(256)), value(), value(), value(), time.Duration(rng.Uint64())}
	}
	return write{id(), number(), number(), number(), ops}
}

// TestHostile: messages that fit no state neither panic nor stop a master and a clone from
// working together afterwards. (A stranger who says what a master would say, in its name, is
// one: the bus is closed to him by its keys.)
func TestHostile(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		s := newSim(t, seed, 2, true)
		s.pass(2 * time.Second)
		rng := rand.New(rand.NewPCG(seed, 2))
		ids := []string{"stranger/1", "stranger/2", "stranger/", s.clones[0].e.id, "", "x"}
		for range 300 {
			s.toMaster("stranger", hostile(rng, s.now, ids))
			c := s.clones[rng.IntN(2)]
			c.e.receive("stranger", hostile(rng, s.now, ids), s.now)
			s.flushClone(c)
			if rng.IntN(20) == 0 {
				s.pass(tickInterval)
			}
		}
		s.pass(3 * masterTimeout) // whom they follow says nothing more
		for i := range s.clones {
			w := s.put(i, fmt.Sprint("of ", i))
			s.pass(5 * time.Second)
			if !w.resolved || w.Err() != nil {
				t.Fatalf("seed %d: write of clone %d: resolved %t: %v", seed, i, w.resolved, w.Err())
			}
		}
		for _, c := range s.clones {
			if got, want := dump(c.e.contents), dump(s.master.e.contents); got != want {
				t.Fatalf("seed %d: %s has\n%s\nthe master\n%s", seed, c.process, got, want)
			}
		}
	}
}

// TestSpoof: a process writes nothing in the name of another one's clone.
func TestSpoof(t *testing.T) {
	t.Parallel()
	s := newSim(t, 1, 1, true)
	s.pass(2 * time.Second)
	e := s.master.e
	op := Op{Kind: OpPut, Key: text("k"), Value: text("v")}
	e.receive("clone-0", write{s.clones[0].e.id + refusals, e.epoch, 1, 1, []Op{op}}, s.now)
	for _, from := range []string{"stranger", "clone-", "clone-0/1", ""} {
		e.receive(from, write{s.clones[0].e.id, e.epoch, 1, 1, []Op{op}}, s.now)
	}
	if e.contents.Len() != 0 || len(e.sessions.byID) != 0 {
		t.Errorf("%d entries, %d writers", e.contents.Len(), len(e.sessions.byID))
	}
	e.receive("clone-0", write{s.clones[0].e.id, e.epoch, 1, 1, []Op{op}}, s.now)
	if e.contents.Len() != 1 || len(e.sessions.byID) != 1 {
		t.Errorf("its own: %d entries, %d writers", e.contents.Len(), len(e.sessions.byID))
	}
}

// TestBounds: what a master remembers of strangers has a bound, and who writes is not
// forgotten for their sake.
func TestBounds(t *testing.T) {
	t.Parallel()
	s := newSim(t, 1, 1, true)
	s.pass(2 * time.Second)
	s.put(0, "k")
	s.pass(time.Second)
	e := s.master.e
	honest := s.clones[0].e.id
	for i := range maxSessions + 100 {
		id := fmt.Sprint("stranger/", i)
		e.receive("stranger", attach{clone: id, epoch: e.epoch, transfer: 1}, s.now)
		e.receive("stranger", write{id, e.epoch, 5, 1, []Op{{Kind: OpClear}}}, s.now) // too early for all
		if i%1000 == 0 {
			e.flush(s.now)
		}
	}
	e.flush(s.now)
	if n := len(e.sessions.byID); n > maxSessions {
		t.Errorf("it remembers %d writers", n)
	}
	if n := len(e.transfers.byClone); n > maxTransfers || n == 0 {
		t.Errorf("it sends %d snapshots", n)
	}
	s.pass(transferGone + tickInterval)
	if n := len(e.transfers.byClone); n != 0 {
		t.Errorf("it still sends %d snapshots", n)
	}
	if e.sessions.byID[honest] == nil {
		t.Error("it forgot who wrote")
	}
	failing := Op{Kind: OpPop, Key: text("missing")}
	ops := make([]Op, 3000)
	for i := range ops {
		ops[i] = failing
	}
	for first := uint64(1); first < 20*maxOutcomes; first += uint64(len(ops)) {
		e.receive("clone-0", write{honest, e.epoch, e.sessions.byID[honest].seq + 1, 1, ops}, s.now)
		e.flush(s.now)
	}
	if n := len(e.sessions.byID[honest].outcomes); n > maxOutcomes || n != e.sessions.outcomes {
		t.Errorf("it remembers %d outcomes of one writer, %d of all", n, e.sessions.outcomes)
	}
	if w := s.put(0, "more"); w.resolved {
		t.Errorf("resolved: %v", w.Err())
	}
}

// TestForgetWriter: where there is no room, who has been silent for long is forgotten, on
// disk, too.
func TestForgetWriter(t *testing.T) {
	t.Parallel()
	s := newSim(t, 1, 1, true)
	s.pass(2 * time.Second)
	s.put(0, "k")
	s.pass(time.Second)
	honest := s.clones[0].e.id
	if s.disk.sessions[honest] != 1 {
		t.Fatalf("on disk: %v", s.disk.sessions)
	}
	s.pass(time.Second)
	s.now = s.now.Add(sessionIdle)
	e := s.master.e
	for i := range maxSessions {
		e.receive("other", write{fmt.Sprint("other/", i), e.epoch, 1, 1, []Op{{Kind: OpErase}}}, s.now)
	}
	e.flush(s.now)
	if _, has := s.disk.sessions[honest]; has || len(s.disk.sessions) != maxSessions || len(e.sessions.byID) != maxSessions {
		t.Errorf("it is on disk: %t, with %d others; in memory are %d", has, len(s.disk.sessions), len(e.sessions.byID))
	}
}

// FuzzDecode: whatever comes is a message or an error, and a message that is encoded and
// decoded is what it was.
func FuzzDecode(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 40 {
		f.Add(hostile(rng, time.Unix(1_700_000_000, 0), []string{"a/1"}).event().Append(nil))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		ev, err := event.Decode(event.FormatBin, payload)
		if err != nil {
			return
		}
		msg, err := decode(ev)
		if err != nil {
			return
		}
		once := msg.event()
		again, err := decode(once)
		if err != nil {
			t.Fatalf("%#v: %v", msg, err)
		}
		if a, b := once.Append(nil), again.event().Append(nil); string(a) != string(b) {
			t.Fatalf("%x\n%x", a, b)
		}
	})
}

// TestMalformed: what is no message is none.
func TestMalformed(t *testing.T) {
	t.Parallel()
	n, list := event.Count(1), event.List()
	for _, ev := range []event.Event{
		{Name: "Zctl::store_other"},
		{Name: eventAlive},
		{Name: eventAlive, Args: []event.Value{n, n, n}},
		{Name: eventAlive, Args: []event.Value{n, n, n, n, n}},
		{Name: eventAlive, Args: []event.Value{event.Count(math.MaxUint64), n, n, n}},
		{Name: eventChanged, Args: []event.Value{n, n, n}},
		{Name: eventChanged, Args: []event.Value{n, n, event.List(n)}},
		{Name: eventChanged, Args: []event.Value{n, n, event.List(list)}},
		{Name: eventChanged, Args: []event.Value{n, n, event.List(event.List(event.Count(0)))}},
		{Name: eventChanged, Args: []event.Value{n, n, event.List(event.List(event.Count(5)))}},
		{Name: eventChanged, Args: []event.Value{n, n, event.List(event.List(n, n, n, n))}}, // no time
		{Name: eventChanged, Args: []event.Value{n, n, event.List(event.List(n, n, n, event.None(), n))}},
		{Name: eventChunk, Args: []event.Value{n, n, n, n, n, event.Boolean(true), event.List(event.List(event.Count(2)))}}, // no put
		{Name: eventDone, Args: []event.Value{n, n, n, n, event.Boolean(true), event.List(event.List(n))}},
		{Name: eventAttach, Args: []event.Value{n, n, n, n, event.Boolean(true), event.String(string(make([]byte, maxID+1)))}},
		{Name: eventWrite, Args: []event.Value{n, n, n, event.String("x"), event.List(event.List(event.Count(256)))}},
	} {
		if msg, err := decode(ev); err == nil {
			t.Errorf("%s%v is %#v", ev.Name, ev.Args, msg)
		}
	}
}
