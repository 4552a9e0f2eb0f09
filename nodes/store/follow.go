package store

import "zctl/nodes/event"

// Follow makes a change that a master has decided on.
func (c *Contents) Follow(ch Change) {
	switch ch.Kind {
	case ChangePut:
		c.put(ch.Key, ch.Value.Clone(), nanoseconds(ch.Deadline))
	case ChangeErase, ChangeExpire:
		if e := c.find(ch.Key); e != nil {
			c.remove(e)
		}
	case ChangeClear:
		c.clear()
	}
}

// put gives a key, of which it keeps a copy, a value, which it keeps.
func (c *Contents) put(key, value event.Value, deadline int64) *entry {
	var space [keySpace]byte
	encoded := key.AppendBin(space[:0])
	e := c.entries[string(encoded)]
	if e == nil {
		if c.entries == nil {
			c.entries = map[string]*entry{}
		}
		e = &entry{key: string(encoded)}
		c.entries[e.key] = e
	}
	e.value = value
	c.expiry.set(e, deadline)
	return e
}

func (c *Contents) remove(e *entry) {
	c.expiry.set(e, 0)
	delete(c.entries, e.key)
}

// clear lets go of the map, which would keep its size otherwise.
func (c *Contents) clear() { *c = Contents{cleared: c.cleared + 1} }
