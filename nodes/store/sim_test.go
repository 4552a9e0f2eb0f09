package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"zctl/nodes/event"
)

// sim is a store and its clones without clocks, goroutines and sockets: what happens next
// is drawn by lot, from a seed. Messages pass through their encoding. Those of one sender to
// one receiver stay in order, unless the lot says otherwise; they may be lost, come twice,
// or stand still as long as a link is cut.
type sim struct {
	t    *testing.T
	seed uint64
	rng  *rand.Rand
	now  time.Time

	disk   *simDisk // nil: the master is in memory
	master *simMaster
	lives  int
	clones []*simClone
	links  map[[2]string][]message
	cut    map[[2]string]bool
	lossy  bool

	model   model
	writes  []*simWrite // all
	applied map[uint64]int
	fine    map[uint64]bool // of those that were applied
}

// simMaster is a life of the master.
type simMaster struct {
	id     string
	e      *masterEngine
	doing  []*simOp // applied, but not yet committed
	joined bool
}

type simOp struct {
	id uint64
	op Op
}

type simClone struct {
	process string
	e       *cloneEngine
	copy    model // what watchers make of it
}

// simWrite is a write whose operation has a number that no other has, which is told by
// its expiry.
type simWrite struct {
	*Write
	id uint64
	by *simClone // nil: the master
}

// opID tells operations apart. Deadlines are far away.
func opID(op *Op) uint64 { return uint64(op.Expiry / time.Hour) }

func newSim(t *testing.T, seed uint64, clones int, disk bool) *sim {
	s := &sim{
		t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1_700_000_000, 0),
		links: map[[2]string][]message{}, cut: map[[2]string]bool{}, model: model{}, applied: map[uint64]int{}, fine: map[uint64]bool{},
	}
	if disk {
		s.disk = &simDisk{s: s, contents: &Contents{}, sessions: map[string]uint64{}}
	}
	s.start()
	for range clones {
		s.clone(CloneOptions{MutationBufferInterval: 20 * time.Second})
	}
	return s
}

// clone adds a clone.
func (s *sim) clone(o CloneOptions) *simClone {
	process := fmt.Sprint("clone-", len(s.clones))
	o = o.withDefaults()
	c := &simClone{process: process, copy: model{}, e: &cloneEngine{cloneSide: newCloneSide(process+"/1", o.ResyncInterval), o: o}}
	s.clones = append(s.clones, c)
	c.e.joined(s.now)
	return c
}

// start begins a life of the master.
func (s *sim) start() {
	s.lives++
	contents, sessions := &Contents{}, []Session(nil)
	var backend Backend
	if s.disk != nil {
		backend = s.disk
		for key, e := range s.disk.contents.All() {
			contents.Follow(Change{Kind: ChangePut, Key: key, Value: e.Value, Deadline: e.Deadline})
		}
		sessions, _ = s.disk.Sessions()
	} else {
		s.model, s.applied = model{}, map[uint64]int{}
	}
	id := fmt.Sprint("master-", s.lives)
	e := &masterEngine{masterSide: newMasterSide(contents, sessions, id, s.now), backend: backend}
	e.chunkBytes = []int{chunkBytes, 500, 100}[s.seed%3] // many chunks
	if s.seed%5 == 2 {
		e.history.most = 2000 // so that much is forgotten
	}
	s.master = &simMaster{id: id, e: e}
}

// crash ends the master's life. What was not committed has not been.
func (s *sim) crash() {
	s.master.e.close()
	for _, w := range s.writes {
		if w.by == nil && !w.resolved {
			w.fail(ErrUnknown)
			w.resolve()
		}
	}
	s.master = nil
}

// simDisk is a backend that sometimes fails.
type simDisk struct {
	s        *sim
	contents *Contents
	sessions map[string]uint64
	failing  float64
}

var errDisk = errors.New("disk full")

func (d *simDisk) Load(context.Context, func(k, v event.Value, deadline time.Time) error) error {
	return nil
}
func (d *simDisk) Close() error { return nil }
func (d *simDisk) Write(_ context.Context, changes []Change, sessions []Session) error {
	if d.s.rng.Float64() < d.failing {
		return errDisk
	}
	for _, ch := range changes {
		d.contents.Follow(ch)
	}
	for _, s := range sessions {
		if d.sessions[s.Writer] = s.Seq; s.Seq == 0 {
			delete(d.sessions, s.Writer)
		}
	}
	return nil
}
func (d *simDisk) Sessions() (all []Session, err error) {
	for w, seq := range d.sessions {
		all = append(all, Session{w, seq})
	}
	return all, nil
}

// send puts a message on its way.
func (s *sim) send(from, to string, msg message) {
	ev, err := event.Decode(event.FormatBin, msg.event().Append(nil))
	if err != nil {
		s.t.Fatalf("seed %d: %v", s.seed, err)
	}
	again, err := decode(ev)
	if err != nil {
		s.t.Fatalf("seed %d: %#v: %v", s.seed, msg, err)
	}
	link := [2]string{from, to}
	if s.lossy {
		switch r := s.rng.Float64(); {
		case r < 0.05:
			return
		case r < 0.08:
			s.links[link] = append(s.links[link], again)
		case r < 0.10: // overtakes some
			queue := s.links[link]
			s.links[link] = slices.Insert(queue, s.rng.IntN(len(queue)+1), again)
			return
		}
	}
	s.links[link] = append(s.links[link], again)
}

// flushMaster is the end of a round of the master.
func (s *sim) flushMaster() {
	m := s.master
	failed := m.e.failing != nil
	f := m.e.flush(s.now)
	if m.e.failing == nil || !failed && len(m.doing) == 0 {
		for _, o := range m.doing {
			s.fine[o.id] = s.model.apply(&o.op)
			s.applied[o.id]++
		}
		m.doing = nil
	}
	for _, p := range f.posts {
		for _, c := range s.clones {
			if p.to == toClones || p.to == c.e.id {
				s.send(m.id, c.process, p.msg)
			}
		}
	}
	s.resolve(f.resolved)
}

func (s *sim) flushClone(c *simClone) {
	f := c.e.flush(s.now)
	for _, p := range f.posts {
		if s.master != nil {
			s.send(c.process, s.master.id, p.msg)
		}
	}
	s.resolve(f.resolved)
}

// watch brings what watchers make of a clone up to date, which has to be what it shows.
func (s *sim) watch(c *simClone) {
	n := c.e.news()
	n.tell([]*watcher{{f: c.copy.follow}})
	if c.e.contents != nil && !c.copy.equal(c.e.contents) {
		s.t.Fatalf("seed %d: watchers of %s see\n%v\nit is\n%v", s.seed, c.process, c.copy, dump(c.e.contents))
	}
}

// resolve is for writes that are: their outcome has to be what it should.
func (s *sim) resolve(writes []*Write) {
	for _, w := range writes {
		w.resolve()
		i := slices.IndexFunc(s.writes, func(other *simWrite) bool { return other.Write == w })
		if i < 0 {
			continue // none that the lot drew
		}
		one := s.writes[i]
		n := s.applied[one.id]
		switch err := w.Err(); {
		case n > 1:
			s.t.Fatalf("seed %d: write %d was applied %d times", s.seed, one.id, n)
		case errors.Is(err, ErrNoMaster) && n != 0:
			s.t.Fatalf("seed %d: write %d was applied, but told that it was not", s.seed, one.id)
		case n == 1 && s.disk != nil && !errors.Is(err, ErrUnknown) && (err == nil && !w.existed) != s.fine[one.id]:
			s.t.Fatalf("seed %d: write %d (%v) is told %v, existed %t; it was fine: %t", s.seed, one.id, w.op, err, w.existed, s.fine[one.id])
		case err == nil && n != 1 && s.disk != nil:
			s.t.Fatalf("seed %d: write %d (%v) was not applied, but told that it was", s.seed, one.id, w.op)
		case err == nil && one.by != nil && w.op.Kind == OpPush && s.disk != nil && !one.by.e.away(s.now):
			if list, _ := one.by.e.contents.Get(w.op.Key); !slices.ContainsFunc(list.Elems(), w.op.Value.Equal) {
				s.t.Fatalf("seed %d: %s does not read its own write %d: %v", s.seed, one.by.process, one.id, list)
			}
		}
	}
}

// deliver delivers the next message of a link that has one, and is not cut.
func (s *sim) deliver() bool {
	var open [][2]string
	for link, queue := range s.links {
		if len(queue) > 0 && !s.cut[link] {
			open = append(open, link)
		}
	}
	if len(open) == 0 {
		return false
	}
	slices.SortFunc(open, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	link := open[s.rng.IntN(len(open))]
	msg := s.links[link][0]
	s.links[link] = s.links[link][1:]
	if m := s.master; m != nil && link[1] == m.id {
		s.toMaster(link[0], msg)
		return true
	}
	for _, c := range s.clones {
		if c.process == link[1] {
			c.e.watch(true)
			c.e.receive(link[0], msg, s.now)
			s.watch(c)
			s.flushClone(c)
		}
	}
	return true
}

// toMaster delivers a message to the master, and notes what it does.
func (s *sim) toMaster(from string, msg message) {
	m := s.master
	before := uint64(0)
	w, is := msg.(write)
	if is {
		if session := m.e.sessions.byID[w.clone]; session != nil {
			before = session.seq
		}
		before = max(before, w.settled-1)
	}
	m.e.receive(from, msg, s.now)
	if is && m.e.sessions.byID[w.clone] != nil {
		for seq := before + 1; seq <= m.e.sessions.byID[w.clone].seq; seq++ {
			op := w.ops[seq-w.first]
			m.doing = append(m.doing, &simOp{opID(&op), op})
		}
	}
	if s.rng.IntN(3) > 0 {
		s.flushMaster()
	}
}

// tick lets time pass for all.
func (s *sim) tick(d time.Duration) {
	s.now = s.now.Add(d)
	if m := s.master; m != nil {
		if !m.joined {
			m.joined = true
			m.e.joined(s.now)
		}
		m.e.tick(s.now)
		s.flushMaster()
	}
	for _, c := range s.clones {
		c.e.watch(true)
		c.e.tick(s.now)
		s.watch(c)
		s.flushClone(c)
	}
}

// write has somebody write something.
func (s *sim) write() {
	w := &simWrite{id: uint64(len(s.writes) + 1)}
	op := s.randomOp(w.id)
	w.Write = &Write{op: op, at: s.now, size: op.size()}
	s.writes = append(s.writes, w)
	if i := s.rng.IntN(len(s.clones) + 1); i < len(s.clones) {
		w.by = s.clones[i]
		w.by.e.add([]*Write{w.Write}, s.now)
		s.flushClone(w.by)
		return
	}
	m := s.master
	if m == nil || m.e.full() {
		w.fail(ErrNoMaster)
		w.resolve()
		return
	}
	m.doing = append(m.doing, &simOp{w.id, op})
	m.e.add([]*Write{w.Write}, s.now)
	s.flushMaster()
}

func (s *sim) randomOp(id uint64) Op {
	op := Op{Expiry: time.Duration(id) * time.Hour, Value: event.Count(id)}
	pick := func(prefix string, n int) event.Value { return event.String(fmt.Sprint(prefix, s.rng.IntN(n))) }
	switch s.rng.IntN(10) {
	case 0, 1, 2:
		op.Kind, op.Key = OpPush, pick("list-", 3)
	case 3, 4:
		op.Kind, op.Key, op.Value = OpIncrement, pick("sum-", 3), event.Count(1)
	case 5:
		op.Kind, op.Key = OpErase, pick("key-", 40)
	case 6:
		op.Kind, op.Key = OpPutUnique, pick("key-", 40)
	case 7:
		op.Kind, op.Key = OpAppend, pick("list-", 3) // is refused
		op.Value = event.String("x")
	default:
		op.Kind, op.Key = OpPut, pick("key-", 40)
	}
	return op
}

// settle makes all well and waits until nothing is under way. Then all have the same.
func (s *sim) settle() {
	s.lossy = false
	clear(s.cut)
	if s.disk != nil {
		s.disk.failing = 0
	}
	if s.master == nil {
		s.start()
	}
	end := s.now.Add(2 * time.Minute)
	for !s.settled() {
		for s.deliver() {
		}
		if s.tick(tickInterval); s.now.After(end) {
			for _, c := range s.clones {
				s.t.Logf("%s: follows %t, epoch %d of %d, version %d of %d, %d writes", c.process, c.e.follows, c.e.epoch, s.master.e.epoch, c.e.version, s.master.e.version, len(c.e.writer.queue))
			}
			s.t.Fatalf("seed %d: does not settle", s.seed)
		}
	}
	if got := dump(s.master.e.contents); !s.model.equal(s.master.e.contents) {
		s.t.Fatalf("seed %d: the master has\n%v\nwant\n%v", s.seed, got, s.model)
	}
	for _, c := range s.clones {
		if !s.model.equal(c.e.contents) {
			s.t.Fatalf("seed %d: %s has\n%v\nwant\n%v", s.seed, c.process, dump(c.e.contents), s.model)
		}
	}
}

func (s *sim) settled() bool {
	m := s.master
	if m.e.state != serving || m.e.failing != nil || len(m.doing) > 0 {
		return false
	}
	for _, c := range s.clones {
		if !c.e.follows || c.e.epoch != m.e.epoch || c.e.version != m.e.version || len(c.e.writer.queue) > 0 {
			return false
		}
	}
	return true
}

// step is one thing that happens.
func (s *sim) step() {
	switch r := s.rng.IntN(1000); {
	case r < 600:
		s.deliver()
	case r < 800:
		s.write()
	case r < 980:
		s.tick(time.Duration(s.rng.IntN(300)) * time.Millisecond)
	case r < 985:
		s.tick(time.Duration(s.rng.IntN(30)) * time.Second)
	case r < 992:
		s.cutOne()
	case r < 995:
		clear(s.cut)
	case s.master == nil:
		s.start()
	case r < 998:
		s.crash()
	}
}

// cutOne cuts a clone from the master, or the master's way to it.
func (s *sim) cutOne() {
	if s.master == nil {
		return
	}
	c := s.clones[s.rng.IntN(len(s.clones))].process
	s.cut[[2]string{s.master.id, c}] = true
	if s.rng.IntN(2) == 0 {
		s.cut[[2]string{c, s.master.id}] = true
	}
}

// TestModel: whatever happens, everybody has in the end what one map has to which the
// master's operations were applied in its order; each operation was applied once if it was
// told so, and never if it was told that; and who waited for his write reads it.
func TestModel(t *testing.T) {
	t.Parallel()
	seeds := uint64(40)
	if n, err := strconv.ParseUint(os.Getenv("ZCTL_STORE_SEEDS"), 10, 64); err == nil {
		seeds = n
	}
	for _, disk := range []bool{true, false} {
		for seed := range seeds {
			s := newSim(t, seed, 3, disk)
			s.lossy = seed%3 != 0
			if disk && seed%4 == 1 {
				s.disk.failing = 0.2
			}
			for range 4 {
				for range 400 {
					s.step()
				}
				lossy, failing := s.lossy, 0.0
				if s.disk != nil {
					failing = s.disk.failing
				}
				s.settle()
				s.lossy = lossy
				if s.disk != nil {
					s.disk.failing = failing
				}
			}
		}
	}
}
