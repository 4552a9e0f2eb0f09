package curve

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// z85Digits are the 85 digits of Z85 (ZeroMQ RFC 32), by value.
const z85Digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

// Four bytes are five digits, the first of them worth most.
const (
	z85Bytes = 4
	z85Chars = 5
	keyText  = keySize / z85Bytes * z85Chars // characters of a key
)

func encodeZ85(key *[keySize]byte) string {
	text := make([]byte, 0, keyText)
	for i := 0; i < keySize; i += z85Bytes {
		value := binary.BigEndian.Uint32(key[i:])
		for place := uint32(85 * 85 * 85 * 85); place > 0; place /= 85 {
			text = append(text, z85Digits[value/place%85])
		}
	}
	return string(text)
}

// decodeZ85 reads a key. Its errors never repeat the text, which may be a secret.
func decodeZ85(text string) (*[keySize]byte, error) {
	if len(text) != keyText {
		return nil, fmt.Errorf("it has %d characters, a key has %d", len(text), keyText)
	}
	key := new([keySize]byte)
	for i := range keySize / z85Bytes {
		value, err := z85Value(text, i*z85Chars)
		if err != nil {
			return nil, err
		}
		binary.BigEndian.PutUint32(key[i*z85Bytes:], value)
	}
	return key, nil
}

// z85Value is the value of the five digits from the given position on.
func z85Value(text string, at int) (uint32, error) {
	var value uint64
	for i := at; i < at+z85Chars; i++ {
		digit := strings.IndexByte(z85Digits, text[i])
		if digit < 0 {
			return 0, fmt.Errorf("character %d is not one of Z85's digits", i+1)
		}
		value = 85*value + uint64(digit)
	}
	if value > 1<<32-1 {
		return 0, fmt.Errorf("characters %d to %d are more than four bytes", at+1, at+z85Chars)
	}
	return uint32(value), nil
}
