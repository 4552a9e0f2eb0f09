// Package logtext turns the records of a log batch into the text of a log file,
// byte for byte as Zeek's ASCII writer writes it, in TSV or JSON
// (spec: cluster-framework 3.6, 3.7).
//
// Bytes of records (spec: wire 3.2) flow in, bytes of lines flow out; there is
// nothing in between, and nothing is allocated for a record. A [Formatter] is
// made once for a stream and used for all its batches, by as many goroutines as
// there are CPUs.
//
// What differs from Zeek on purpose:
//
//   - In TSV, times after 2038-01-19 keep six decimals; Zeek writes them as
//     2.147483647e+09. Intervals of 2147483647 seconds and more are written as
//     Zeek writes them.
//   - JSON::TS_ISO8601: a time less than half a microsecond before a full second
//     is that second (Zeek writes a seventh digit), and what has no date in the
//     years 0 to 9999 is null. JSON::TS_MILLIS: what does not fit 64 bits is null.
//   - An empty meta prefix escapes nothing; Zeek would escape the first byte of
//     every line.
//
// The package opens no files and knows no clocks.
package logtext
