package table

import (
	"fmt"
	"time"

	"zctl/nodes/event"
)

// The events by which tables are published (spec: wire 4.4, cluster-framework 1.14).
const (
	changeEvent  = "Cluster::table_change_infos"
	forwardEvent = "Cluster::forward_table_change_infos"
)

// topicPrefix begins the topics of tables; every Zeek subscribes it.
const topicPrefix = "zeek/table/"

// Header is who published changes, and of which table: Zeek's
// Cluster::TableChangeHeader.
type Header struct {
	ID     string // of the table
	TS     time.Time
	NodeID string
}

func (h Header) value() event.Value {
	return event.List(event.String(h.ID), event.Timestamp(h.TS), event.String(h.NodeID))
}

// changeInfo is Zeek's Cluster::TableChangeInfo. Value and Previous may be none.
type changeInfo struct {
	Change   event.Enum
	TS       time.Time
	Index    event.Value
	Value    event.Value
	Previous event.Value
}

func (i changeInfo) value() event.Value {
	return event.List(event.EnumValue(i.Change), event.Timestamp(i.TS), i.Index, i.Value, i.Previous)
}

// tableID is the id of the table that an event is about, "" if there is none.
func tableID(ev event.Event) string {
	if len(ev.Args) < 2 || len(ev.Args[0].Elems()) == 0 {
		return ""
	}
	id, _ := ev.Args[0].Elems()[0].Text()
	return id
}

// decode reads the arguments of an event of changes.
func decode(ev event.Event) (h Header, infos []changeInfo, err error) {
	if len(ev.Args) < 2 {
		return h, nil, fmt.Errorf("cannot use %s: it has %d arguments", ev.Signature(), len(ev.Args))
	}
	if err := ev.Args[0].To(&h); err != nil {
		return h, nil, event.At("argument 1", err)
	}
	if err := ev.Args[1].To(&infos); err != nil {
		return h, nil, event.At("argument 2", err)
	}
	return h, infos, nil
}
