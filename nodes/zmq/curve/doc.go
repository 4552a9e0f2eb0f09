// Package curve encrypts the connections of a Zeek cluster: ZMTP's CURVE mechanism (RFC 26, CurveZMQ), as libzmq and so
// Zeek from 8.2 on speak it (spec: wire 4.3).
//
//	Keys                     what a cluster shares: one server pair, one client pair, as Z85 text in files or variables
//	Mechanism                the handshake of one connection, as github.com/go-zeromq/zmq4 calls it
//	Session                  what the handshake agreed on: it seals every frame that is sent, and opens what is received
//
// The handshake proves four things: the client knows the server's public key (HELLO), the server has the secret of it
// (WELCOME), the client has the secret of its own public key and made this very connection (INITIATE with its vouch), and
// that public key is the one the server accepts, which is Zeek's whole access rule. READY ends it. From then on each
// frame, whatever its place in a message, is a MESSAGE of its own: flags and body in one box.
//
//	client                                 server
//	HELLO     C', box[zeros](C'->S)    ->
//	                                   <-  WELCOME   box[S', cookie](S->C')
//	INITIATE  cookie, box[C, vouch,
//	          metadata](C'->S')        ->
//	                                   <-  READY     box[metadata](S'->C')
//	MESSAGE   box[flags, body]        <->  MESSAGE   box[flags, body]
//
// (C and S are the permanent keys, C' and S' made for the one connection.)
//
// All cryptography is golang.org/x/crypto/nacl/box; the package adds the layouts and the order of nonces. It opens no
// socket, never lets a secret key be printed by accident, and never reads more than the one command it was handed.
package curve
