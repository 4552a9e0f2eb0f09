package curve

import (
	"bytes"
	"testing"
)

// FuzzServer: no two commands of a client that has no key make it through, and none of them does harm.
func FuzzServer(f *testing.F) {
	x := newTalk(f, manualKeys(f), manualKeys(f))
	check(f, x.run())
	f.Add(x.hello, x.initiate)
	f.Add(x.hello[:100], []byte{})
	f.Add(x.hello, x.initiate[:initiateMin])
	f.Fuzz(func(t *testing.T, hello, initiate []byte) {
		s := newServer(manualKeys(t), counting(100))
		if _, err := s.welcome(hello); err != nil {
			s.client, s.shared, s.cookie = x.server.client, x.server.shared, x.server.cookie // go on all the same
			s.transient = x.server.transient
		}
		if _, err := s.initiate(initiate); err == nil && !bytes.Equal(initiate, x.initiate) {
			t.Error("took an INITIATE that nobody made")
		}
	})
}

// FuzzClient: likewise for what a server answers.
func FuzzClient(f *testing.F) {
	x := newTalk(f, manualKeys(f), manualKeys(f))
	check(f, x.run())
	f.Add(x.welcome, x.answer)
	f.Add(x.welcome[:50], x.answer[:20])
	f.Fuzz(func(t *testing.T, welcome, ready []byte) {
		c, err := newClient(manualKeys(t), counting(0))
		check(t, err)
		if _, err := c.initiate(welcome, properties("XPUB")); err != nil {
			c.shared = x.client.shared
		}
		if _, err := c.ready(ready); err == nil && !bytes.Equal(ready, x.answer) {
			t.Error("took a READY that nobody made")
		}
	})
}

func FuzzOpen(f *testing.F) {
	_, key := sessions(f)
	c, _ := sessions(f)
	f.Add(c.Seal(nil, FlagMore, []byte("body")), true)
	f.Add([]byte("body"), false)
	f.Add([]byte(messageName), true)
	f.Fuzz(func(t *testing.T, body []byte, raw bool) {
		s := *key
		if raw {
			_, _ = s.Open(nil, body)
			return
		}
		from := Session{key: s.key, sealPrefix: s.openPrefix, sealed: uint64(s.opened)}
		got, err := s.Open(nil, from.Seal(nil, FlagMore, body))
		check(t, err)
		if !bytes.Equal(got[1:], body) {
			t.Errorf("%q became %q", body, got)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add(properties("XPUB"))
	f.Add([]byte("\xffSocket-Type"))
	f.Fuzz(func(t *testing.T, p []byte) {
		m, err := parseMetadata(p)
		if err == nil && m[socketType] == "" {
			t.Error("no Socket-Type, and no error")
		}
	})
}
