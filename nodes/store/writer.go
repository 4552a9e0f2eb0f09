package store

import "time"

// What is under way from a writer to the master without an answer.
const (
	writesAhead = 8192
	bytesAhead  = 2 << 20
	// backAtMost is how often a writer begins again because the master misses something.
	backAtMost = 100 * time.Millisecond
)

// writer is a clone's writes on their way. They are numbered in order, and are, from the
// first one: answered, but the copy does not show it yet; sent; and neither.
type writer struct {
	queue    []*Write
	base     uint64 // number of the first
	answered int    // so many are
	sent     int    // so many are, or answered
	shown    []mark // by which version the copy shows those that are answered
	progress time.Time
	back     time.Time // when it last began again

	resolved []*Write // to be told
}

// mark says that writes before a number are shown by a version of an epoch.
type mark struct{ before, epoch, version uint64 }

// settled is the number of the first write that is not answered.
func (w *writer) settled() uint64 { return w.base + uint64(w.answered) }

// add takes writes that were made.
func (w *writer) add(writes []*Write) { w.queue = append(w.queue, writes...) }

// next is what is to be sent now, at most so much as may be under way.
func (w *writer) next(clone string, epoch uint64, now time.Time) (write, bool) {
	if w.sent == len(w.queue) {
		return write{}, false
	}
	ahead := 0
	for _, one := range w.queue[w.answered:w.sent] {
		ahead += one.size
	}
	begin, bytes := w.sent, 0
	for w.sent < len(w.queue) && w.sent-begin < messageItems && w.sent-w.answered < writesAhead {
		size := w.queue[w.sent].size
		if bytes > 0 && bytes+size > messageBytes || ahead > 0 && ahead+size > bytesAhead {
			break
		}
		bytes, ahead = bytes+size, ahead+size
		w.sent++
	}
	if begin == w.sent {
		return write{}, false
	}
	if begin == w.answered {
		w.progress = now
	}
	ops := make([]Op, 0, w.sent-begin)
	for _, one := range w.queue[begin:w.sent] {
		one.sent = true
		ops = append(ops, one.op)
	}
	return write{clone: clone, epoch: epoch, first: w.base + uint64(begin), settled: w.settled(), ops: ops}, true
}

// answer takes the master's answer.
func (w *writer) answer(msg done, now time.Time) {
	if msg.seq >= w.base+uint64(len(w.queue)) {
		return // about writes that there are not
	}
	outcomes := msg.outcomes
	for msg.seq >= w.settled() {
		one, seq := w.queue[w.answered], w.settled()
		for len(outcomes) > 0 && outcomes[0].seq < seq {
			outcomes = outcomes[1:]
		}
		switch {
		case seq <= msg.known && one.op.Kind.mayFail():
			one.fail(ErrUnknown)
		case len(outcomes) > 0 && outcomes[0].seq == seq:
			one.outcome(outcomes[0].code)
		}
		w.answered++
		w.progress = now
	}
	if last := len(w.shown) - 1; last < 0 || w.shown[last].before < w.settled() {
		w.shown = append(w.shown, mark{w.settled(), msg.epoch, msg.version})
	}
	w.sent = max(w.sent, w.answered)
	if msg.gap && now.Sub(w.back) >= backAtMost {
		w.back, w.sent = now, w.answered
	}
}

// mayFail says whether the master can refuse an operation of that kind for what there is.
// One that is too large never gets there.
func (k OpKind) mayFail() bool { return k != OpPut && k != OpErase && k != OpClear }

// show resolves the writes that a version of the copy shows.
func (w *writer) show(epoch, version uint64) {
	for len(w.shown) > 0 && (w.shown[0].epoch < epoch || w.shown[0].epoch == epoch && w.shown[0].version <= version) {
		w.drop(int(w.shown[0].before - w.base))
		w.shown = w.shown[1:]
	}
}

// drop resolves the first n writes.
func (w *writer) drop(n int) {
	w.resolved = append(w.resolved, w.queue[:n]...)
	clear(w.queue[:n])
	w.queue = w.queue[n:]
	w.base += uint64(n)
	w.answered, w.sent = max(0, w.answered-n), max(0, w.sent-n)
}

// giveUp gives up the writes that were made, or could still have been sent, at or before a
// time.
func (w *writer) giveUp(heard, before time.Time) {
	if heard.After(before) {
		return
	}
	n := 0
	for n < len(w.queue) && !w.queue[n].at.After(before) {
		switch {
		case n < w.answered:
		case w.queue[n].sent:
			w.queue[n].fail(ErrUnknown)
		default:
			w.queue[n].fail(ErrNoMaster)
		}
		n++
	}
	w.drop(n)
	for len(w.shown) > 0 && w.shown[0].before <= w.base {
		w.shown = w.shown[1:]
	}
}

// again begins again with what is not answered, if there was no answer for long.
func (w *writer) again(now time.Time) {
	if w.sent > w.answered && now.Sub(w.progress) >= askAgain {
		w.sent, w.progress = w.answered, now
	}
}

// restart begins again with what is not answered, for another master.
func (w *writer) restart() { w.sent = w.answered }
