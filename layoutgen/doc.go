// Package layoutgen turns one TOML file into a cluster layout, and a cluster
// layout into the Zeek scripts that every node of the cluster reads.
//
// What flows through it:
//
//	zctl.toml --Load--> Config --NewLayout--> Layout --Layout--> cluster-layout.zeek
//	                                                 --Backend--> cluster-backend.zeek
//	cluster-layout.zeek --ParseLayout--> Layout
//	cluster-backend.zeek --ParseBackend--> Backend
//
// [Config] is the reference of the configuration file: every key, its default
// and its limits. A configuration is read whole before anything is reported,
// so that all its problems come at once, each with file, line and column.
//
// [Layout] is pure data. The supervisor makes processes of it, a Go node finds
// its place in it, and a real Zeek process loads the text it renders to.
//
// [Generator] is Zeek's own zeek-cluster-layout-generator as a value.
//
// The package reads and writes no file but those it is handed, starts nothing,
// asks nothing of the host it runs on, and imports nothing else of zctl.
package layoutgen
