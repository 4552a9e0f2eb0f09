// Package logstream is the sending half of logging: records that a node writes
// become batches that loggers take.
//
//	Stream[T].Write --> a batch of one (stream, filter, path) --> Sender --> Transport --> a logger
//	                    1000 records or a second                      \--> spill, files --/
//
// A stream is declared from a Go struct with Zeek's names of the fields:
//
//	type Conn struct {
//		TS    time.Time  `log:"ts"`
//		UID   string     `log:"uid"`
//		ID    struct {
//			OrigH netip.Addr `log:"orig_h"`
//			OrigP event.Port `log:"orig_p"`
//		} `log:"id"`                                  // fields id.orig_h and id.orig_p
//		Proto string     `log:"proto,enum"`
//		Note  *string    `log:"note"`                 // &optional: nil is unset
//		Tags  []string   `log:"tags,set"`
//		memo  string                                  // not exported: not logged
//	}
//
// What Zeek's types are in Go:
//
//	bool      bool                            string    string, []byte
//	int       int … int64                     enum      event.Enum; string with "enum"
//	count     uint … uint64                   port      event.Port
//	double    float64, float32                addr      netip.Addr
//	time      time.Time; float64 with "time"  subnet    netip.Prefix
//	interval  time.Duration; float64 with "interval"
//	func, file  string with "func", "file"
//	vector    a slice or an array; of pointers for one with holes
//	set       map[K]struct{}; a slice with "set"
//
// The words behind the name are those options, "optional", which makes nil slices
// and maps unset instead of empty, and for sets and vectors the options of their
// elements: `log:"actions,set,enum"`. A nested struct's fields are named with a dot,
// an embedded one's as if they stood in its place. `log:"-"` leaves a field out. A
// pointer is &optional. The zero time.Time, netip.Addr and netip.Prefix are no values
// of Zeek's; they are unset, which Zeek's loggers take for every field.
//
// Of a record that is too long the rest is left out, as Zeek 8.1 does: strings have at
// most 4096 bytes, sets and vectors 100 elements, all of a record together 256000 bytes
// and 500 elements. [Stats].Truncated counts what was cut.
//
// # What may be lost
//
// The Sender keeps a batch until the transport says that it has arrived (Zeek's
// protocol has no answer; package zmq's AckPush says how it is known all the same). A
// Go logger says so when the records are in a file, Zeek's when it has read them from
// its socket. So a Go logger that ends, is killed or restarts costs nothing: what is
// left unanswered is sent again, to whoever is there. If the logger ended in order
// nothing is twice; if it was killed, batches that it had written and not answered for
// are, and Stats.Returned counts those that were sent again. What a logger of Zeek's
// had in memory when it was killed is lost uncounted.
//
// What there is no room for, because loggers are gone or slow, is dropped and counted
// (DropNewest, as Zeek does), waited with (Block), or kept in files (Spill). Batches
// in memory are lost, and not counted, when this process is killed: up to a second of
// records and what is under way, and with Spill no more than that; Close counts what
// it has to leave behind, and with Spill leaves it in files for the next process.
//
// Batches of a stream are sent in the order they were made, spilled ones before newer
// ones; several loggers, or a batch sent again, make the order among them loose.
//
// The package opens no sockets.
package logstream
