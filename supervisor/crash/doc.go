// Package crash keeps what is to be known of a process that ended without being
// asked to: a directory for each such end, with what it said last, how it ended, what
// it used, what the kernel said about it, and its core with a backtrace where there is
// one.
//
// A [Report] comes from whoever saw the end; a [Collector] adds what is to be found
// in files, in the background and one end after the other, so that nobody waits for
// it. Directories appear whole or not at all, have a bounded size but for one core for
// each node, and go when there are too many or when they are old. Of ends that follow
// each other and are alike, the first and the last one are kept.
//
// Nothing here decides what becomes of a node.
package crash
