package curve

import "encoding/binary"

const (
	nonceSize     = 24
	shortNonce    = 8  // what is sent of a counted nonce
	longNonce     = 16 // what is sent of a random nonce
	shortPrefix   = nonceSize - shortNonce
	longPrefix    = nonceSize - longNonce
	boxOverhead   = 16 // bytes that a box is longer than what is in it
	prefixHello   = "CurveZMQHELLO---"
	prefixWelcome = "WELCOME-"
	prefixVouch   = "VOUCH---"
	prefixInit    = "CurveZMQINITIATE"
	prefixReady   = "CurveZMQREADY---"
	prefixClient  = "CurveZMQMESSAGEC" // client to server
	prefixServer  = "CurveZMQMESSAGES"
)

// counted is the nonce number n of a connection's direction. Both sides count HELLO or READY as 1.
func counted(prefix string, n uint64) *[nonceSize]byte {
	nonce := new([nonceSize]byte)
	copy(nonce[:shortPrefix], prefix)
	binary.BigEndian.PutUint64(nonce[shortPrefix:], n)
	return nonce
}

// drawn is the nonce made of 16 random bytes.
func drawn(prefix string, random []byte) *[nonceSize]byte {
	nonce := new([nonceSize]byte)
	copy(nonce[:longPrefix], prefix)
	copy(nonce[longPrefix:], random)
	return nonce
}

// heard is the last nonce heard from the peer. Each must be greater than all before it, which is what makes a command or
// a message that somebody recorded worthless.
type heard uint64

// next reads the counter at the beginning of p.
func (h *heard) next(p []byte) (uint64, error) {
	n := binary.BigEndian.Uint64(p)
	if n <= uint64(*h) {
		return 0, errReplayed
	}
	*h = heard(n)
	return n, nil
}
