package store

import (
	"fmt"
	"strings"
)

// A store has three kinds of topics. They are not Broker's, since what is published
// there is not either.
//
//	zctl/store/NAME/master     what clones ask of the master
//	zctl/store/NAME/clones     what the master tells all clones
//	zctl/store/NAME/clone/ID/  what it tells one of them
//
// None begins with another one of its kind, so that nobody hears what is for others.
const topicRoot = "zctl/store/"

// maxName is how long a store's name may be: escaped, and with the id of a clone, it
// goes into a topic, for which a broker has 1024 bytes.
const maxName = 200

// topics is what the topics of one store are called.
type topics struct{ master, clones string }

func topicsOf(name string) topics {
	base := topicRoot + escape(name) + "/"
	return topics{master: base + "master", clones: base + "clones"}
}

// clone is the topic of the clone with that id.
func (t topics) clone(id string) string {
	return strings.TrimSuffix(t.clones, "s") + "/" + escape(id) + "/"
}

// escape writes what could be taken for a part of a topic, or cannot be printed, as %xx.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c <= ' ', c == '%', c == '/', c >= 0x7f:
			fmt.Fprintf(&b, "%%%02x", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("its name has %d bytes; use 1 to %d", len(name), maxName)
	}
	return nil
}
