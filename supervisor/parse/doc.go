// Package parse has Zeek parse what nodes are going to run, before they do:
// "zeek -a" once for every combination of program, arguments, environment and
// scripts that can make a difference, several at a time as long as they fit
// into memory (spec: zeekctl 1.2, check; 7.1, 11, 12 and 40).
//
// What flows through it are the specs of a deployment and the texts of Zeek. It
// stands beside package supervisor, whose specs and environment it uses, and not
// in it: whoever wants to know runs the checks in a process of his own, without
// any supervisor, and they end with that process. That is also why they are no
// children of package process, which makes processes that outlive us.
//
// It never touches a node, a work directory or anything else below base_dir, and
// leaves nothing behind; what a check that was killed did leave is removed by the
// next one.
package parse
