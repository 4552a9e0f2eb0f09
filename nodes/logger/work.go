package logger

import (
	"errors"

	"zctl/nodes/logwire"
)

// work turns batches into text and appends it to files, in turn.
func (l *Logger) work() {
	var texts [2][]byte // of a batch's targets, kept for their capacity
	for b := range l.queue {
		s, n, err := l.format(b.payload, &texts)
		<-b.turn
		switch {
		case err != nil:
			l.stats.malformed.Add(1)
			l.bad.add(b.sender, err)
		case s != nil:
			l.append(s, n, &texts)
		}
		close(b.done)
		l.memory.give(len(b.payload))
	}
}

// format makes the text of a batch, one for each file it goes to. It returns nil for
// one that goes nowhere.
func (l *Logger) format(payload []byte, texts *[2][]byte) (*schema, int, error) {
	header, records, err := logwire.Parse(payload)
	if err != nil {
		return nil, 0, err
	}
	s, err := l.schema(payload[:records.Offset()], header)
	if err != nil || records.Records == 0 {
		return nil, 0, err
	}
	for i, t := range s.targets {
		texts[i], err = t.format.Append(texts[i][:0], records.Rest(), records.Records)
		if err != nil {
			return nil, 0, atOffset(err, records.Offset())
		}
	}
	return s, records.Records, nil
}

// append appends the text of a batch to its files.
func (l *Logger) append(s *schema, n int, texts *[2][]byte) {
	for i, t := range s.targets {
		t.file.append(t.format, texts[i])
		if cap(texts[i]) > 4*chunk {
			texts[i] = nil // one huge batch does not keep its memory
		}
	}
	l.stats.records.Add(uint64(n))
}

// atOffset makes an error in the records one of the batch they begin in at offset.
func atOffset(err error, offset int) error {
	if in, ok := errors.AsType[*logwire.Error](err); ok {
		return &logwire.Error{Offset: offset + in.Offset, Reason: in.Reason}
	}
	return err
}
