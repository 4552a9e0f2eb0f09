// Package zmq carries the bytes of a Zeek cluster: the sockets a node opens (XPub, XSub, Push, AckPush, Pull) and the central
// Broker between them. On the wire it is ZMTP 3.0, indistinguishable from libzmq for Zeek's processes (spec: wire 1).
//
//	node's XPub --connect--> Broker's XSUB port    messages up, subscriptions down
//	node's XSub --connect--> Broker's XPUB port    subscriptions up, messages down
//	node's Push --connect--> any logger's Pull     log batches, round robin; an AckPush knows which arrived
//
// What flows through it are multipart messages (Message) and subscriptions, that is topic prefixes. The greeting and the
// security handshake are github.com/go-zeromq/zmq4's, run inside guards because that code trusts its peer (spec: zmq4 0);
// everything after them is ours.
//
// The layers, from the wire upwards:
//
//	guard, handshake      one TCP connection becomes a ZMTP connection, or is refused within a deadline and 16 kB
//	sealer, opener        with keys (Options.Curve): every frame is encrypted on its way out, and decrypted on its way in
//	chunk, reader, frame  bytes to packets: whole messages and commands, every length checked, nothing copied
//	batch, outq           messages to bytes: one bounded queue per connection, drained by one writer
//	table, route, load    who is to get what: all that one read of a publisher brought, sorted by subscriber
//	acks                  which of an AckPush's messages a peer has, asked by PINGs
//	conn                  a reader, an outq and the writer goroutine of one connection
//	listener, link        many accepted connections; one kept-up outgoing connection
//	Broker, XPub, XSub, Push, AckPush, Pull
//
// It never looks at a frame behind the topic, never answers for the meaning of a topic, never blocks a sender (Send
// returns ErrAgain), never lets a peer grow memory beyond what Options allow, and never reports a subscription as gone
// because the broker is gone.
package zmq
