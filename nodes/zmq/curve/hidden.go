package curve

// hidden holds a key so that fmt, encoding/json and log/slog, which look into unexported fields and through pointers,
// find an address and not the key. Nil is no key.
type hidden func() *[keySize]byte

func hide(key *[keySize]byte) hidden {
	return func() *[keySize]byte { return key }
}
