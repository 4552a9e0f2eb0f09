package curve

import "errors"

// What a peer can do wrong, in words for the log of a cluster. "Malformed" and "cannot be opened" are bugs, tampering or
// another key; the rest is somebody's configuration.
var (
	// ErrClientKey: the client proved that it has a key, but not the one that the server accepts.
	ErrClientKey = errors.New("client key not accepted")

	// ErrServerKey: the client made its HELLO for another server's key, or the WELCOME was made with another key.
	ErrServerKey = errors.New("not the server's key: the two sides have different server keys")

	// ErrRefused: the server answered with an ERROR, which it does to a client whose key it does not accept.
	ErrRefused = errors.New("the server does not accept our client key")

	errReplayed  = errors.New("a nonce came twice or out of order")
	errMalformed = errors.New("malformed")
	errSealed    = errors.New("cannot be opened: made with other keys, or changed on its way")
	errCookie    = errors.New("the cookie is not the one that was given out")
	errVouch     = errors.New("the client's vouch is not for this connection")
	errNoType    = errors.New("no Socket-Type among its properties")
)
