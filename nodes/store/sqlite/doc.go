// Package sqlite keeps the contents of a store's master in an SQLite file, so
// that they survive it (spec: cluster-framework 2.3).
//
// Changes flow in by [Backend.Write], each call of which is one transaction, and
// come back after a restart by [Backend.Load]. The file is Broker's, so that
// what a Zeek node stored is read and the other way round: a table meta, a table
// store with key and value in broker-bin-v1 and the deadline in nanoseconds; and
// one more table of ours, how far each writer has come. While a Backend is open
// no other process can read or write its file: two masters, each with its own
// memory, would lose what the other was told.
//
// # What the modes promise
//
// Whatever the mode, when Write returns without an error, the death of this
// process - kill -9, out of memory - loses nothing of it; and of a Write that
// had not returned, all or nothing is there. The operating system has what was
// written. What the modes differ in is the death of the machine: loss of power,
// a crash of the kernel.
//
//	journal  synchronous    after loss of power
//	DELETE   EXTRA, FULL    everything whose Write returned is there
//	DELETE   NORMAL         the same, but for a small chance on old file systems that the file is damaged
//	DELETE   OFF            the last writes may be lost, the file may be damaged
//	WAL      EXTRA, FULL    everything whose Write returned is there
//	WAL      NORMAL         the last writes may be lost, the file is sound: what is there is what was there at some moment
//	WAL      OFF            the last writes may be lost, the file may be damaged
//
// As long as the disk does not lie about what it has written. The default is
// Broker's, which is SQLite's: DELETE and FULL, which waits for the disk several
// times with each Write. WAL and NORMAL is the fast one.
//
// The package knows no bus and no operations, only changes. It runs no SQL of
// the file's own: one with triggers, views or other tables in place of Broker's
// is refused, as is what is no database, is damaged or does not decode.
package sqlite
