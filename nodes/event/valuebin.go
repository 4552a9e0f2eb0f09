package event

import "fmt"

// DecodeValue reads one value in broker-bin-v1, as [Value.AppendBin] writes it:
// without the envelope of an event. The value refers to in, which must not be
// changed while it is in use.
func DecodeValue(in []byte) (Value, error) {
	v, err := decodeBin(in)
	if err != nil {
		return Value{}, fmt.Errorf("cannot decode value: %w", err)
	}
	return v, nil
}

// DecodeValueString is [DecodeValue] of a string.
func DecodeValueString(in string) (Value, error) {
	return DecodeValue(bytesOf(in)) // decoding only reads
}
