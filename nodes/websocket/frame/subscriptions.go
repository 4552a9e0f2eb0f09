package frame

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// DecodeSubscriptions reads the first message of a client: an array of strings and
// nothing else. As with Zeek a topic ends at a NUL. The error is [NotAnArray] or
// [NotAString].
func DecodeSubscriptions(in []byte) ([]string, *Error) {
	var raw []json.RawMessage
	if !utf8.Valid(in) || json.Unmarshal(in, &raw) != nil || raw == nil {
		return nil, NotAnArray
	}
	topics := make([]string, len(raw))
	for i, element := range raw {
		if !bytes.HasPrefix(element, []byte{'"'}) || json.Unmarshal(element, &topics[i]) != nil {
			return nil, NotAString
		}
		topics[i], _, _ = strings.Cut(topics[i], "\x00")
	}
	return topics, nil
}
