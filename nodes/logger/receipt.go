package logger

import "sync/atomic"

// Receipt is told what becomes of a batch.
type Receipt interface {
	// Done is called once: the batch's bytes are not used any more.
	Done()
	// Arrived is called when the records of the batch are in files, or will never be
	// because there is something wrong with them or their file. It is not called for
	// those that the end of the logger leaves unwritten.
	Arrived()
	// Asked says whether anybody waits for Arrived. Then records do not wait for others
	// to be written with.
	Asked() bool
}

// ticket is a batch that somebody waits for, and that goes to several files.
type ticket struct {
	receipt Receipt
	left    atomic.Int32 // files
}

// newTicket is nil if nobody waits.
func newTicket(r Receipt, files int) *ticket {
	if r == nil || !r.Asked() {
		return nil
	}
	t := &ticket{receipt: r}
	t.left.Store(int32(files))
	return t
}

// written is called for each of the files.
func (t *ticket) written() {
	if t != nil && t.left.Add(-1) == 0 {
		t.receipt.Arrived()
	}
}

// released says that nothing is to be done with a batch any more.
func (b *batch) released() {
	if b.receipt != nil {
		b.receipt.Done()
	}
}

// refused says that a batch will never be written.
func (b *batch) refused() {
	if b.receipt != nil && b.receipt.Asked() {
		b.receipt.Arrived()
	}
}
