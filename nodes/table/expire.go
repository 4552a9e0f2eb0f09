package table

import "time"

// deadline is when an entry expires that is written now, in nanoseconds; 0 is never.
func (t *Table[K, V]) deadline(old entry[V], had bool, now time.Time) int64 {
	switch {
	case t.o.WriteExpire > 0:
		return now.Add(t.o.WriteExpire).UnixNano()
	case t.o.CreateExpire > 0 && had:
		return old.deadline
	case t.o.CreateExpire > 0:
		return now.Add(t.o.CreateExpire).UnixNano()
	}
	return 0
}

// expireEvery is how often a table is searched for what expired: at most as often as
// Zeek does (table_expire_interval).
func (o Options[K, V]) expireEvery() time.Duration {
	after := max(o.CreateExpire, o.WriteExpire)
	return min(max(after/8, time.Millisecond), 10*time.Second)
}

// expireLater has the table searched, again and again, if anything in it expires.
func (t *Table[K, V]) expireLater() {
	if t.o.CreateExpire <= 0 && t.o.WriteExpire <= 0 {
		return
	}
	t.write.Lock()
	defer t.write.Unlock()
	t.expiry = time.AfterFunc(t.o.expireEvery(), t.expire)
}

func (t *Table[K, V]) expire() {
	defer t.watch.tell()
	t.write.Lock()
	defer t.write.Unlock()
	if t.closed {
		return
	}
	now := time.Now()
	for _, key := range t.tooOld(now) {
		value, _ := t.unset(key)
		t.way.expired(key, value, now)
		t.watch.note(Change[K, V]{Kind: ElementExpired, Key: key, Value: value, At: now})
	}
	t.expiry.Reset(t.o.expireEvery())
}

// tooOld is the keys of what is to expire.
func (t *Table[K, V]) tooOld(now time.Time) (keys []K) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for key, e := range t.entries {
		if e.deadline != 0 && e.deadline <= now.UnixNano() {
			keys = append(keys, key)
		}
	}
	return keys
}
