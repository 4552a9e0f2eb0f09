package control

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Packets is how many packets a node has seen since it was started: Zeek's NetStats.
type Packets struct {
	Received uint64 // by the node
	Dropped  uint64 // since the node was too slow
	Link     uint64 // on the link, as far as the source knows
}

// PacketSource is what a node gets packets from. PacketStats is called when somebody asks,
// on a goroutine of its own, perhaps by several at once.
type PacketSource interface{ PacketStats() Packets }

func (p Packets) plus(q Packets) Packets {
	return Packets{p.Received + q.Received, p.Dropped + q.Dropped, p.Link + q.Link}
}

// netStatsText is the text of an answer (spec: cluster-framework 5.2).
func netStatsText(at time.Time, p Packets) string {
	return fmt.Sprintf("%s recvd=%d dropped=%d link=%d\n", seconds(at), p.Received, p.Dropped, p.Link)
}

// ParseNetStats reads the answer to [NetStats]: when the node counted, and what. Fields
// that it does not know are passed over.
func ParseNetStats(text string) (at time.Time, p Packets, err error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return at, p, fmt.Errorf("cannot understand statistics %q", text)
	}
	at, err = parseSeconds(words[0])
	seen := 0
	for _, word := range words[1:] {
		name, number, _ := strings.Cut(word, "=")
		to, known := map[string]*uint64{"recvd": &p.Received, "dropped": &p.Dropped, "link": &p.Link}[name]
		if !known {
			continue
		}
		var bad error
		*to, bad = strconv.ParseUint(number, 10, 64)
		if seen++; err == nil {
			err = bad
		}
	}
	if err != nil || seen != 3 {
		return time.Time{}, Packets{}, fmt.Errorf("cannot understand statistics %q", text)
	}
	return at, p, nil
}

// seconds is a time as Zeek's %.6f of it.
func seconds(at time.Time) string {
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
}

func parseSeconds(s string) (time.Time, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(math.Abs(f) < 1e11) {
		return time.Time{}, fmt.Errorf("cannot understand time %q", s)
	}
	return time.UnixMicro(int64(math.Round(f * 1e6))).UTC(), nil
}
