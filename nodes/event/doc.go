// Package event is what Zeek nodes tell each other: events with arguments, in
// Zeek's data model and its two serializations broker-bin-v1 and
// broker-json-v1 (spec: wire 2).
//
// Payloads flow in from the bus through [Decode] and out through
// [Event.Append]; in between are an [Event] and its [Value] arguments. Values
// are built by constructors ([Count], [String], [Set] …), taken apart by
// accessors of the same names, and turned into plain Go values and back by
// [Of] and [Value.To]. People write them as literals ([ParseLiteral]) and
// programs as typed JSON ([ParseTyped]).
//
// Decoding trusts nothing: every length is checked against what is there,
// nesting and the number of values are bounded, and what was not understood is
// an error that says where and what was expected. It copies nothing either: an
// event refers to the payload it was decoded from, which must not change while
// the event is in use; [Value.Clone] and [Value.To] copy.
//
// The package knows no topics, no sockets and no particular events, and does
// no input or output.
package event
