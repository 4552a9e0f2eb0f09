package store

import (
	"errors"
	"fmt"

	"zctl/nodes/event"
)

// More of what can be wrong with a store.
var (
	// ErrNoMaster: the master is away, and the write was not buffered, or not any
	// longer. The master has not got it.
	ErrNoMaster = errors.New("the store's master is away")
	// ErrUnknown: nobody knows what came of the write: the master may have applied
	// it, or not, before it went away. It is not sent again.
	ErrUnknown = errors.New("the store's master went away before it answered")
	// ErrConflict: another node is master of a store of that name.
	ErrConflict = errors.New("another node is master of the store")
	// ErrRefused: the master does not know the operation.
	ErrRefused = errors.New("the store's master refuses it")
)

// code is what came of an operation, as masters tell writers.
type code uint8

// The numbers are told on the bus.
const (
	codeFine code = iota
	codeExists
	codeNoKey
	codeType
	codeRange
	codeTooLarge
	codeRefused
)

var codeErrors = map[code]error{
	codeExists: ErrExists, codeNoKey: ErrNoKey, codeType: ErrType, codeRange: ErrRange, codeTooLarge: ErrTooLarge,
}

// codeOf is what came of an operation that was applied.
func codeOf(op *Op, result event.Value, err error) code {
	if err == nil {
		if inserted, is := result.Boolean(); op.Kind == OpPutUnique && is && !inserted {
			return codeExists
		}
		return codeFine
	}
	for c, its := range codeErrors {
		if errors.Is(err, its) {
			return c
		}
	}
	return codeRefused
}

// err is what went wrong with an operation, nil if nothing did.
func (c code) err(op *Op) error {
	if c == codeFine {
		return nil
	}
	err, known := codeErrors[c]
	if !known {
		err = ErrRefused
	}
	return fmt.Errorf("cannot %s %s: %w", op.Kind, brief(op.Key), err)
}
