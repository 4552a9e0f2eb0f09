// Package imports turns the configuration of those who ran Zeek before into a
// zctl.toml: ZeekControl's node.cfg, zeekctl.cfg and networks.cfg (spec: zeekctl 2),
// and the zeek.conf of zeek-systemd-generator (spec: generators 2).
//
// What flows through it:
//
//	node.cfg, zeekctl.cfg, networks.cfg --NodeCfg--> text of zctl.toml
//	zeek.conf                           --ZeekConf--> text of zctl.toml
//
// The cluster that the text describes has the names, ports, metrics ports, addresses
// and CPUs that the other tool would have made. What has no counterpart in zctl stands
// in the text as a comment that says what it was and what to do instead.
//
// A file is read whole before anything is reported, so that all that is wrong comes at
// once, as [layoutgen.Problems] with the places in the files. Every text that comes
// out without problems is a good zctl.toml.
//
// The package reads no files, starts nothing, and asks names of hosts only of the
// function that it is handed.
package imports
