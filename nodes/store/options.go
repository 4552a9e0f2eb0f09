package store

import (
	"log/slog"
	"time"
)

// MasterOptions says how a master keeps its store. The zero value is a store in memory.
type MasterOptions struct {
	// Backend is where the contents survive the master; nil is nowhere. The store closes
	// it.
	Backend Backend
	// Log is what the store says about itself; nil discards it.
	Log *slog.Logger
}

// Defaults of CloneOptions (Broker::default_clone_resync_interval and so on).
const (
	DefaultResyncInterval         = 10 * time.Second
	DefaultStaleInterval          = 5 * time.Minute
	DefaultMutationBufferInterval = 2 * time.Minute
)

// CloneOptions says what a clone does without its master, as Broker's documentation has it
// (spec: cluster-framework 2.3).
type CloneOptions struct {
	// ResyncInterval is how often a clone that hears no master looks for one: 10 s. One
	// that shows itself is followed at once.
	ResyncInterval time.Duration
	// StaleInterval is after how long without a master reads are [ErrStale]: 5 minutes;
	// less than 0 is never. Before a clone has got the contents once they are always.
	StaleInterval time.Duration
	// MutationBufferInterval is how long writes that were made without a master are
	// kept for it: 2 minutes; less than 0 is not at all. (Zeek's 0, which means the same,
	// is what is not set here.)
	MutationBufferInterval time.Duration
	// Log is what the store says about itself; nil discards it.
	Log *slog.Logger
}

func (o CloneOptions) withDefaults() CloneOptions {
	for _, d := range []struct{ option, standard *time.Duration }{
		{&o.ResyncInterval, new(DefaultResyncInterval)},
		{&o.StaleInterval, new(DefaultStaleInterval)},
		{&o.MutationBufferInterval, new(DefaultMutationBufferInterval)},
	} {
		if *d.option == 0 {
			*d.option = *d.standard
		}
	}
	return o
}
