package logger

import (
	"errors"

	"zctl/nodes/logtext"
	"zctl/nodes/logwire"
)

// work turns batches into text and appends it to files, in turn.
func (l *Logger) work() {
	var texts [2][]byte // of a batch's targets, kept for their capacity
	for b := range l.queue {
		p, err := l.format(b.payload, &texts)
		<-b.turn
		if err == nil && p.long {
			err = l.appendLong(b, p, &texts)
		} else if err == nil {
			l.append(b, p, &texts)
		}
		if err != nil {
			l.stats.malformed.Add(1)
			l.bad.add(b.sender, err)
			b.refused()
		}
		close(b.done)
		b.released()
		l.memory.give(b.size())
		l.writeAwaited()
	}
}

// parsed is a batch's records and where they go: nowhere, if there are no targets.
type parsed struct {
	targets []target
	records []byte
	n       int
	offset  int  // of the records in the batch
	long    bool // they make so much text that it was not made
}

// mostText is how much text of a batch is made at once.
const mostText = 1 << 20

// format makes the text of a batch, one for each file it goes to.
func (l *Logger) format(payload []byte, texts *[2][]byte) (parsed, error) {
	header, records, err := logwire.Parse(payload)
	if err != nil {
		return parsed{}, err
	}
	p := parsed{records: records.Rest(), n: records.Records, offset: records.Offset()}
	s, err := l.schema(payload[:p.offset], header)
	if err != nil {
		return parsed{}, err
	}
	if p.n == 0 {
		return parsed{}, records.End()
	}
	p.targets = s.targets
	for i, t := range p.targets {
		var left int
		texts[i], _, left, err = t.format.Some(texts[i][:0], p.records, p.n, mostText)
		if err != nil && !errors.Is(err, logtext.ErrLong) {
			return parsed{}, atOffset(err, p.offset)
		}
		if left > 0 {
			p.long = true
			break
		}
	}
	return p, nil
}

// append appends the text of a batch to its files.
func (l *Logger) append(b *batch, p parsed, texts *[2][]byte) {
	if len(p.targets) == 0 {
		b.refused()
		return
	}
	l.stats.records.Add(uint64(p.n))
	ticket := newTicket(b.receipt, len(p.targets))
	for i, t := range p.targets {
		t.file.append(t.format, texts[i], ticket)
		if cap(texts[i]) > 2*mostText {
			texts[i] = nil // one huge batch does not keep its memory
		}
	}
}

// appendLong makes the text of a batch piece by piece, and appends each to its file. So
// that there is only one such batch in memory it is called when it is the batch's turn.
func (l *Logger) appendLong(b *batch, p parsed, texts *[2][]byte) error {
	l.long.Lock()
	defer l.long.Unlock()
	if err := p.targets[0].long.Check(p.records, p.n, l.o.Memory/longRecords); err != nil {
		return atOffset(err, p.offset)
	}
	l.stats.records.Add(uint64(p.n))
	ticket := newTicket(b.receipt, len(p.targets))
	for _, t := range p.targets {
		for records, left := p.records, p.n; left > 0; {
			var err error
			texts[0], records, left, err = t.long.Some(texts[0][:0], records, left, chunk)
			if err != nil {
				return atOffset(err, p.offset) // which Check would have said
			}
			last := ticket
			if left > 0 {
				last = nil
			}
			t.file.append(t.long, texts[0], last)
		}
	}
	texts[0] = nil
	return nil
}

// longRecords is how many records the memory for batches has room for at least: the
// text of one may be many times as long.
const longRecords = 16

// atOffset makes an error in the records one of the batch they begin in at offset.
func atOffset(err error, offset int) error {
	if in, ok := errors.AsType[*logwire.Error](err); ok {
		return &logwire.Error{Offset: offset + in.Offset, Reason: in.Reason}
	}
	return err
}
