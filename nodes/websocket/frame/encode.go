package frame

import "zctl/nodes/event"

// AppendData appends a data-message: an event and its topic. Bytes of the topic that
// are not UTF-8 become the text \xff, as in the event's strings.
func AppendData(dst []byte, topic string, e event.Event) []byte {
	dst = append(dst, `{"type":"data-message","topic":`...)
	dst = event.AppendQuoted(dst, topic)
	brace := len(dst)
	dst = e.AppendJSON(dst)
	dst[brace] = ',' // the event's members follow those of the frame
	return dst
}

// AppendAck appends the answer to subscriptions: the node id of the client, and the
// version of the server.
func AppendAck(dst []byte, endpoint, version string) []byte {
	dst = event.AppendQuoted(append(dst, `{"type":"ack","endpoint":`...), endpoint)
	dst = event.AppendQuoted(append(dst, `,"version":`...), version)
	return append(dst, '}')
}

// AppendError appends an error.
func AppendError(dst []byte, e *Error) []byte {
	dst = event.AppendQuoted(append(dst, `{"type":"error","code":`...), e.Code)
	dst = event.AppendQuoted(append(dst, `,"context":`...), e.Context)
	return append(dst, '}')
}

// AppendSubscriptions appends the first message of a client: the beginnings of the
// topics that it wants, none of which is [].
func AppendSubscriptions(dst []byte, topics []string) []byte {
	dst = append(dst, '[')
	for i, topic := range topics {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = event.AppendQuoted(dst, topic)
	}
	return append(dst, ']')
}
