// Package archive is what happens to a log once it is closed: it is compressed
// into the directory of its day, handed to a command, listed, and one day
// deleted.
//
// Files flow in as [Job]s, of a logger that rotated them or of [Adopt], which
// finds what a crashed one left behind; they flow out as
//
//	<logs>/2026-11-25/conn.13:00:00-14:00:00-logger-1.log.gz
//
// the names that zeekctl and zeek-archiver give (spec: zeekctl 3.8, generators
// 4), so that tools for those find them. A [Store] is such a directory and does
// each thing when told to; an [Archiver] owns the queue, the goroutine below the
// priority of its node, and the retries.
//
// A source is removed only after its archive is whole and on the disk, under a
// name that nothing had. So whatever is killed, whenever, there is the source or
// the archive, and never half an archive; several processes may share a
// directory.
//
// It opens no socket, knows nothing of batches, leaves the lines of a log as they
// are, and deletes no file that is not an archive by its name and place.
package archive
