package control

import (
	"strings"

	"zctl/nodes/event"
)

// Command is what a node can be asked or told: an element of Zeek's Control::commands.
type Command string

// The commands, with what is answered.
const (
	// IDValue asks for the value of a global identifier of scripts: its id, and the
	// value as Zeek prints it, or [UnknownID] or [NoValue].
	IDValue Command = "id_value"
	// PeerStatus asks who its peers are: a line for each; see [ParsePeers].
	PeerStatus Command = "peer_status"
	// NetStats asks how many packets it has received; see [ParseNetStats].
	NetStats Command = "net_stats"
	// ConfigurationUpdate has it raise Control::configuration_update for its handlers. A
	// Zeek may do so again if its answer is lost; a node in Go does what it is told once.
	ConfigurationUpdate Command = "configuration_update"
	// Shutdown ends it, a second after it has answered.
	Shutdown Command = "shutdown"
)

// What is answered in place of a value.
const (
	UnknownID = "<unknown id>"
	NoValue   = "<no ID value>"
)

// MetaRequest is the id of metadata that has the id of a request, a string. Those below
// 200 are Zeek's (spec: wire 2.1); this one is "zctl" in ASCII.
const MetaRequest = 0x7a63746c

// maxRequestID is how long such a string may be. Longer ones are not repeated.
const maxRequestID = 128

const (
	// TopicPrefix is before the topics of all answers: Control::topic_prefix.
	TopicPrefix = "zeek/control"

	eventPrefix         = "Control::"
	configurationUpdate = "Control::configuration_update"
)

func (c Command) request() string  { return eventPrefix + string(c) + "_request" }
func (c Command) response() string { return eventPrefix + string(c) + "_response" }

// ResponseTopic is the topic on which the node of that name answers.
func (c Command) ResponseTopic(node string) string {
	return TopicPrefix + "/" + string(c) + "_response/" + node
}

// arguments is how many arguments a request has, and an answer to it.
func (c Command) arguments() (request, response int) {
	switch c {
	case IDValue:
		return 1, 2
	case PeerStatus, NetStats:
		return 0, 1
	}
	return 0, 0
}

// commands is all of them: Control::commands.
func commands() []Command {
	return []Command{IDValue, PeerStatus, NetStats, ConfigurationUpdate, Shutdown}
}

// texts is the arguments of an event that has n of them, all strings.
func texts(ev event.Event, n int) ([]string, bool) {
	if len(ev.Args) != n {
		return nil, false
	}
	all := make([]string, n)
	for i, arg := range ev.Args {
		text, ok := arg.Text()
		if !ok {
			return nil, false
		}
		all[i] = strings.Clone(text)
	}
	return all, true
}

// requestID is the id of a request in an event's metadata, "" if there is none.
func requestID(ev event.Event) string {
	v, _ := ev.Meta(MetaRequest)
	id, _ := v.Text()
	if len(id) > maxRequestID {
		return ""
	}
	return strings.Clone(id)
}
