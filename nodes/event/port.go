package event

import "strconv"

// Protocol is the transport protocol of a port, as on the wire (spec: wire
// 2.2).
type Protocol uint8

// The protocols that Zeek knows ports of.
const (
	Unknown Protocol = 0
	TCP     Protocol = 1
	UDP     Protocol = 2
	ICMP    Protocol = 3
)

var protocols = [...]string{"unknown", "tcp", "udp", "icmp"}

// String is Zeek's name: tcp, udp, icmp, unknown.
func (p Protocol) String() string {
	if p > ICMP {
		p = Unknown
	}
	return protocols[p]
}

// Port is a port number with its protocol.
type Port struct {
	Number   uint16
	Protocol Protocol
}

// String is the port as Zeek prints it: 443/tcp.
func (p Port) String() string { return strconv.Itoa(int(p.Number)) + "/" + p.Protocol.String() }
