package table

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"zctl/nodes/store"
)

// Options says how a table is shared. The zero value is Zeek's
//
//	&publish_on_change=[$changes=set(all of them)]
//
// Fields are called as in Zeek's PublishOnChangeAttr, where they are of that.
type Options[K comparable, V any] struct {
	// Store is where the table is, this node's handle of it; nil is that the table is
	// published. Then of the other options only WriteExpire and Log mean something
	// (&backend, &broker_store).
	Store *store.Store

	// Changes is which changes are published, a sum: ElementNew | ElementRemoved. Default: all.
	Changes ChangeKind
	// Topic is where they are published. Default: zeek/table/<id>/, which every Zeek,
	// and every node with a table, subscribes; another one has to be subscribed by
	// those who are to hear it.
	Topic string
	// TopicOf is the topic by the key, instead of Topic.
	TopicOf func(key K) string
	// MaxBatchSize is how many changes wait at most for being published in one event:
	// 10; below 0 every change is published at once
	// (Cluster::default_table_publish_on_change_max_batch_size).
	MaxBatchSize int
	// MaxBatchDelay is how long after the last event changes wait at most: 10 ms;
	// below 0 every change is published at once
	// (Cluster::default_table_publish_on_change_max_batch_delay).
	MaxBatchDelay time.Duration
	// Policy is asked before changes of others are applied, with all of one event;
	// if it says no, nothing of it happens. It is called where events are handled
	// (hook Cluster::apply_table_change_infos_policy).
	Policy func(h Header, changes []Change[K, V]) bool

	// CreateExpire is how long an entry stays after it came, WriteExpire after it was
	// last written; 0 is for ever. Of a table that is published every node expires
	// its own copy, as in Zeek, within an eighth of the time, or 10 seconds; of one in a
	// store the master does (&create_expire, &write_expire).
	CreateExpire, WriteExpire time.Duration
	// MaxEntries is how many entries a table has at most: 1,000,000; below 0 is any
	// number. Those beyond are refused, those of others counted (Stats.Refused).
	MaxEntries int
	// Log is where the table says that entries of a store are not of its types; nil
	// discards it. A table that is published says such things to the node's log.
	Log *slog.Logger
}

// DefaultMaxEntries is the default of Options.MaxEntries.
const DefaultMaxEntries = 1_000_000

func (o Options[K, V]) withDefaults(id string) (Options[K, V], error) {
	switch {
	case id == "":
		return o, errors.New("it needs an id, like Scan::hosts")
	case o.Changes&^AllChanges != 0:
		return o, fmt.Errorf("there are no such changes: %d", o.Changes)
	case o.Topic != "" && o.TopicOf != nil:
		return o, errors.New("it has both a Topic and a TopicOf; give one")
	case o.CreateExpire < 0 || o.WriteExpire < 0:
		return o, errors.New("entries cannot expire before they come; give 0 for never")
	}
	if o.CreateExpire > 0 && o.WriteExpire > 0 {
		return o, errors.New("it has both a CreateExpire and a WriteExpire; give one")
	}
	if o.Store != nil {
		return o, o.checkStore()
	}
	o.Changes = cmp.Or(o.Changes, AllChanges)
	o.Topic = cmp.Or(o.Topic, topicPrefix+id+"/")
	o.MaxBatchSize = cmp.Or(o.MaxBatchSize, 10)
	o.MaxBatchDelay = cmp.Or(o.MaxBatchDelay, 10*time.Millisecond)
	o.MaxEntries = cmp.Or(o.MaxEntries, DefaultMaxEntries)
	return o, nil
}

// checkStore says which options mean nothing to a table in a store.
func (o Options[K, V]) checkStore() error {
	for _, option := range []struct {
		name string
		set  bool
	}{
		{"Changes", o.Changes != 0},
		{"Topic", o.Topic != ""},
		{"TopicOf", o.TopicOf != nil},
		{"MaxBatchSize", o.MaxBatchSize != 0},
		{"MaxBatchDelay", o.MaxBatchDelay != 0},
		{"Policy", o.Policy != nil},
		{"CreateExpire", o.CreateExpire != 0},
		{"MaxEntries", o.MaxEntries != 0},
	} {
		if option.set {
			return fmt.Errorf("it is in a store, for which %s means nothing; leave it out", option.name)
		}
	}
	return nil
}
