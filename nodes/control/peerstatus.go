package control

import (
	"fmt"
	"strings"
	"time"

	"zctl/nodes/cluster"
)

// Peer is another node of the cluster, as the one that was asked sees it.
type Peer struct {
	// Name is that of a node; of a Zeek with Broker, which gives no name, the id.
	Name string `json:"name"`
	// Host is its address.
	Host string `json:"host"`
	// Status is of Zeek's Broker::PeerStatus: [Peered], or why it is not.
	Status string `json:"status"`
	// Since is when that began, zero if it is not known or was always so.
	Since time.Time `json:"since,omitzero"`
	// ID is its node id while it is up.
	ID string `json:"id,omitempty"`
}

// What the status of a peer is, in Zeek's words for that.
const (
	Peered       = "Broker::PEERED"       // it is up
	Disconnected = "Broker::DISCONNECTED" // it was up
	Initializing = "Broker::INITIALIZING" // it has not come up yet
)

// peersText is the text of an answer: a line for each node of the membership table, that
// of Zeek (spec: cluster-framework 5.2) with more behind it.
func peersText(at time.Time, peers []cluster.Peer) string {
	var b strings.Builder
	for _, p := range peers {
		status := Initializing
		switch {
		case p.Up:
			status = Peered
		case !p.Since.IsZero():
			status = Disconnected
		}
		fmt.Fprintf(&b, "%s peer=%s host=%s status=%s", seconds(at), p.Node.Name, p.Node.Address, status)
		if !p.Since.IsZero() {
			fmt.Fprintf(&b, " since=%s", seconds(p.Since))
		}
		if p.Up {
			fmt.Fprintf(&b, " id=%s", p.ID)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// ParsePeers reads the answer to [PeerStatus]. A Zeek on ZeroMQ has no lines.
func ParsePeers(text string) ([]Peer, error) {
	peers := []Peer{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var p Peer
		for _, word := range words[1:] {
			name, value, _ := strings.Cut(word, "=")
			switch name {
			case "peer":
				p.Name = value
			case "host":
				p.Host = value
			case "status":
				p.Status = value
			case "id":
				p.ID = value
			case "since":
				var err error
				if p.Since, err = parseSeconds(value); err != nil {
					return nil, fmt.Errorf("cannot understand peer %q: %w", line, err)
				}
			}
		}
		if p.Name == "" || p.Status == "" {
			return nil, fmt.Errorf("cannot understand peer %q", line)
		}
		peers = append(peers, p)
	}
	return peers, nil
}
