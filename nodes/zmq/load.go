package zmq

// load is what one subscriber is to get of one batch of a publisher, in order.
type load struct {
	to    *subscriber
	chunk *chunk // that all bytes are part of; nil: the garbage collector's
	runs  []run
	next  int // runs[:next] have been taken
	count int // messages not taken yet
	size  int // their bytes
	end   int // where in the publisher's buffer the last run ends
}

// run is messages that stand one behind the other in a buffer, so that one write takes all of them.
type run struct {
	wire  []byte
	count int
}

// add appends messages that stand at buf[from:to], and lengthens the last run where they are its neighbours.
func (l *load) add(buf []byte, from, to, count int) {
	if k := len(l.runs) - 1; k >= 0 && l.end == from {
		last := &l.runs[k]
		last.wire = buf[from-len(last.wire) : to : to]
		last.count += count
	} else {
		l.runs = append(l.runs, run{buf[from:to:to], count})
	}
	l.end = to
	l.count += count
	l.size += to - from
}

// take moves the first n messages, or all, to the end of a batch.
func (l *load) take(n int, into *batch) {
	for n > 0 && l.count > 0 {
		r := l.runs[l.next]
		if r.count > n {
			r = run{r.wire[:lengthOf(r.wire, n)], n}
		}
		into.addRun(r, l.chunk)
		n -= r.count
		l.drop(r.count, len(r.wire))
	}
}

// dropBytes removes the first n bytes. A message of which a part is left still counts, and take must then take all.
func (l *load) dropBytes(n int) {
	for n > 0 {
		wire := l.runs[l.next].wire
		if n >= len(wire) {
			l.drop(l.runs[l.next].count, len(wire))
			n -= len(wire)
			continue
		}
		l.drop(countIn(wire[:n]), n)
		return
	}
}

// drop removes a number of messages, and of bytes, from the first run.
func (l *load) drop(count, bytes int) {
	r := &l.runs[l.next]
	r.wire = r.wire[bytes:]
	r.count -= count
	l.count -= count
	l.size -= bytes
	if len(r.wire) == 0 {
		l.next++
	}
}

// clear empties the load, to be filled again.
func (l *load) clear() {
	clear(l.runs)
	l.runs, l.next, l.count, l.size, l.chunk = l.runs[:0], 0, 0, 0, nil
}
