package logstream

import "zctl/nodes/logstream/spill"

// Counts is records, and the batches that they are in.
type Counts struct{ Records, Batches uint64 }

func (c *Counts) add(records int) {
	c.Records += uint64(records)
	c.Batches++
}

func (c *Counts) sub(records int) {
	c.Records -= uint64(records)
	c.Batches--
}

// Stats is what became of the records of a node. At any time
//
//	Written + Found = Sent + Dropped + Waiting + OnDisk + those in batches that are not complete
type Stats struct {
	Written  Counts // taken by Write; batches that are complete
	Sent     Counts // arrived at a logger, or there is none that they should go to
	Dropped  Counts // lost, for want of room or because they cannot be sent
	Waiting  Counts // in memory now: no logger has them yet, as far as is known
	OnDisk   Counts // in the spill directory now, those under way from there included
	Found    Counts // in the spill directory when the node started
	Returned uint64 // batches whose connection ended before the logger answered; sent again

	Truncated Truncated // in records that were taken

	Spilled, Unspilled Counts // written to the spill directory; of those and Found, arrived

	SpillBytes int64 // size of the files now
	Connected  int   // loggers that there is a connection to
	Loggers    int   // loggers that there should be

	Cause error  // of the last loss
	Lost  Losses // Dropped.Records, by why
}

// keep notes what is in the files.
func (s *Stats) keep(c spill.Counts) {
	s.OnDisk, s.SpillBytes = Counts{c.Records, c.Batches}, c.Bytes
}
