// Package control is Zeek's Control framework: questions to a node that runs, and
// orders for it, over the bus (spec: cluster-framework 5).
//
//	controller                         bus                          node worker-1
//	  | zeek.cluster.node.worker-1.     |                                  |
//	  |   Control::net_stats_request() -|--------------------------------> |
//	  |                                 |  zeek/control/net_stats_response/worker-1
//	  | <-------------------------------|--- Control::net_stats_response("… recvd=…")
//
// A [Controllee] answers, in every node in Go; a [Controller] asks any number of nodes
// at once, in Go or Zeek, and matches the answers. Names, topics and texts are Zeek's, so
// that zeekctl can ask nodes in Go, and zctl Zeek.
//
// # Whose answer is it
//
// Zeek's protocol has no ids: all answers of a node go to one topic, which everybody who
// asks hears. So a request of a Controller carries an id in the metadata of its event
// ([MetaRequest]), which Zeek skips, and a Controllee's answer carries it again. An answer
// with an id belongs to the request of that id and to no other.
//
// An answer without one is that of a Zeek node, or of a node in Go to somebody who gave
// no id, like zeekctl. A Controller takes the first that comes after it has asked, if it is
// of a node that still owes it one, of the kind that was asked for and, where that names
// what it is about (id_value), of the same id. Somebody else may have asked for it a moment
// before, and the next one is then ours. Nothing is lost by that exchange: the answers are
// the same for everybody, and none is older than what was under way when we asked.
//
// The package never waits for a node's handlers: a Controllee answers while one is stuck.
package control
