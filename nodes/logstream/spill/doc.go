// Package spill keeps log batches in files while no logger takes them, and hands
// them out again in order.
//
// Batches flow in with a number each, which only grows, and out by Take; Done
// says that one has arrived, Return that none of those taken has a taker any more.
// What was not Done when the process ends, however it ends, is handed out again by
// the next one that opens the directory.
//
//	batches-00000000000000000042.spill   a segment, named by its first batch
//	lock                                 held by the process that uses the directory
//
// A segment is only appended to: a length and a CRC stand before each batch, so a
// batch that a kill cut off is seen and cut off when the directory is opened. A
// segment is deleted when all of its batches are done. After a crash those that
// were done in a segment with others are handed out once more, at most a segment's
// worth for each logger; Close leaves only those that are not done.
//
// Files are written but not synced, except by Close: what was appended survives the
// process, but the last seconds of it not the power. The package knows nothing of
// records, and of loggers.
package spill
