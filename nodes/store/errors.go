package store

import "errors"

// What can be wrong with an operation or a query; told apart by errors.Is. None
// of them changes anything.
var (
	// ErrNoKey: the key, or the index inside its value, does not exist.
	ErrNoKey = errors.New("no such key")
	// ErrExists: the key is there already.
	ErrExists = errors.New("the key exists")
	// ErrType: the operation does not suit the value that is there.
	ErrType = errors.New("type mismatch")
	// ErrRange: the sum or difference is no number of its kind. Broker goes round
	// in a circle then, which makes a small count of a large one.
	ErrRange = errors.New("out of range")
	// ErrTooLarge: key and value together are larger than a store takes.
	ErrTooLarge = errors.New("too large")
	// ErrStale: this node has not heard the master for too long to answer.
	ErrStale = errors.New("the store's master is away")
	// ErrFull: more writes wait for the master than are kept.
	ErrFull = errors.New("too many writes wait for the store's master")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("the store is closed")
)
