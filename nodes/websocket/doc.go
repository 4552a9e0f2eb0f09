// Package websocket is the server of Zeek's WebSocket API /v1/messages/json (spec:
// websocket): programs that are no cluster nodes subscribe, publish and receive events
// as JSON.
//
//	client --upgrade--> handshake --first message--> subscriptions --ready--> ack
//	client --message--> pending --> queue of the listener --> bus
//	bus --> inbox --> router: to JSON, once --> outbox of each subscriber --> client
//
// A Server joins the bus once for all its clients, and subscribes what any of them
// wants. Each client has a node id of its own as a sender, so that it never hears
// itself, but the others and the node that the server belongs to. What a client sends
// waits in bounded queues, and the client then does, too; what is for a client waits in
// a bounded queue, and a client that does not take it is disconnected. No client slows
// down another one or the bus.
//
// The frames on a connection, and its closing, are read by github.com/coder/websocket;
// what is written is put together here, because events are the same bytes for all who
// get them, and many of them go out with one system call.
//
// The package knows the meaning of no event. It is told by [Options] what to do when
// clients come and go, and uses a bus through [cluster.Backend], whatever that is.
package websocket
