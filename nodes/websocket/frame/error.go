package frame

import "fmt"

// Error is an error frame: what a server did not understand (spec: websocket 8).
type Error struct{ Code, Context string }

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Context) }

const failed = "deserialization_failed"

// The errors of Zeek's server.
var (
	InvalidURI             = &Error{"invalid_uri", "Invalid URI - use " + Path}
	InvalidApplicationName = &Error{"invalid_application_name", "Invalid X-Application-Name"}
	NotAnArray             = &Error{failed, "subscriptions not an array"}
	NotAString             = &Error{failed, "individual subscription not a string"}
	NotDecoded             = &Error{failed, "failed to decode JSON object"}
	NoTopic                = &Error{failed, "no topic in top-level JSON object"}
	NoEvent                = &Error{failed, "failed to create Zeek event"}
)

// Path is the only path that the API is served on, byte for byte.
const Path = "/v1/messages/json"
