package curve

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/go-zeromq/zmq4"
)

// counting is a source of bytes that are different from each other and the same in every run.
type counter byte

func counting(from byte) *counter { return (*counter)(&from) }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		*c += 7
		p[i] = byte(*c)
	}
	return len(p), nil
}

func properties(typ string) []byte {
	return []byte("\x0bSocket-Type\x00\x00\x00" + string(rune(len(typ))) + typ + "\x08Identity\x00\x00\x00\x00")
}

// talk is a whole handshake as four commands. Before a command is handed over it passes through the wire function.
type talk struct {
	client           *client
	server           *server
	atServer, atUs   zmq4.Metadata
	wire             func(command string, body []byte) []byte
	hello, welcome   []byte
	initiate, answer []byte
}

func newTalk(t testing.TB, clientKeys, serverKeys Keys) *talk {
	t.Helper()
	c, err := newClient(clientKeys, counting(0))
	check(t, err)
	return &talk{client: c, server: newServer(serverKeys, counting(100)), wire: func(_ string, body []byte) []byte { return body }}
}

func (x *talk) run() (err error) {
	x.hello = x.wire("HELLO", x.client.hello())
	if x.welcome, err = x.server.welcome(x.hello); err != nil {
		return err
	}
	x.welcome = x.wire("WELCOME", x.welcome)
	if x.initiate, err = x.client.initiate(x.welcome, properties("XPUB")); err != nil {
		return err
	}
	x.initiate = x.wire("INITIATE", x.initiate)
	if x.atServer, err = x.server.initiate(x.initiate); err != nil {
		return err
	}
	x.answer = x.wire("READY", x.server.ready(properties("XSUB")))
	x.atUs, err = x.client.ready(x.answer)
	return err
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	x := newTalk(t, manualKeys(t), manualKeys(t))
	check(t, x.run())
	if x.atServer["Socket-Type"] != "XPUB" || x.atUs["Socket-Type"] != "XSUB" {
		t.Errorf("got %v at the server, %v at the client", x.atServer, x.atUs)
	}
	if len(x.hello) != 194 || len(x.welcome) != 160 || len(x.initiate) != 248+len(properties("XPUB")) {
		t.Errorf("lengths %d, %d, %d are not those of RFC 26", len(x.hello), len(x.welcome), len(x.initiate))
	}
	c, s := x.client.session(), x.server.session()
	for i := range 3 {
		exchange(t, c, s, strings.Repeat("up", i))
		exchange(t, s, c, strings.Repeat("down", i))
	}
}

func exchange(t *testing.T, from, to *Session, body string) {
	t.Helper()
	sealed := from.Seal([]byte("before"), FlagMore, []byte(body))
	if len(sealed) != len("before")+len(body)+Overhead {
		t.Errorf("%d bytes were sealed into %d", len(body), len(sealed))
	}
	got, err := to.Open([]byte("here: "), sealed[len("before"):])
	check(t, err)
	if string(got) != "here: \x01"+body {
		t.Errorf("got %q, want flags and %q", got, body)
	}
}

func TestTwoHandshakesShareNothing(t *testing.T) {
	t.Parallel()
	k := manualKeys(t)
	one, err := newClient(k, New(k).random)
	check(t, err)
	two, err := newClient(k, New(k).random)
	check(t, err)
	if bytes.Equal(one.hello(), two.hello()) {
		t.Error("two HELLOs are the same")
	}
}

// Whatever bit is changed on its way, the side that gets it refuses.
func TestEveryTamperedByteIsRefused(t *testing.T) {
	t.Parallel()
	k := manualKeys(t)
	whole := newTalk(t, k, k)
	check(t, whole.run())
	for command, body := range map[string][]byte{
		"HELLO": whole.hello, "WELCOME": whole.welcome, "INITIATE": whole.initiate, "READY": whole.answer,
	} {
		for i := range body {
			x := newTalk(t, k, k)
			x.wire = func(c string, body []byte) []byte {
				if c == command {
					body[i] ^= 1 << (i % 8)
				}
				return body
			}
			if x.run() == nil {
				t.Errorf("%s with byte %d changed was taken", command, i)
			}
		}
	}
}

func TestEveryOtherLengthIsRefused(t *testing.T) {
	t.Parallel()
	k := manualKeys(t)
	for _, command := range strings.Fields("HELLO WELCOME INITIATE READY") {
		for _, change := range []func([]byte) []byte{
			func(b []byte) []byte { return nil },
			func(b []byte) []byte { return b[:1] },
			func(b []byte) []byte { return b[:len(b)-1] },
			func(b []byte) []byte { return append(b, 0) },
			func(b []byte) []byte { return append(b, make([]byte, 1<<16)...) },
		} {
			x := newTalk(t, k, k)
			x.wire = func(c string, body []byte) []byte {
				if c == command {
					return change(body)
				}
				return body
			}
			if x.run() == nil {
				t.Errorf("%s of another length was taken", command)
			}
		}
	}
}

func TestWrongKeys(t *testing.T) {
	t.Parallel()
	good := manualKeys(t)
	other, err := Generate()
	check(t, err)
	otherClient, otherServer, claimed := good, good, good
	otherClient.ClientPublic, otherClient.ClientSecret = other.ClientPublic, other.ClientSecret
	otherServer.ServerPublic = other.ServerPublic
	claimed.ClientSecret = other.ClientSecret // knows the accepted key, but not its secret
	for name, c := range map[string]struct {
		keys Keys
		want error
	}{
		"another client": {otherClient, ErrClientKey}, "another server": {otherServer, ErrServerKey}, "a claim": {claimed, errVouch},
	} {
		if err := newTalk(t, c.keys, good).run(); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	fake := good // a server that has only what everybody knows
	fake.ServerSecret = other.ServerSecret
	x := newTalk(t, good, good)
	x.server = newServer(fake, counting(9))
	x.server.client = x.client.transient.Public
	if err := x.client.takeWelcome(append(make([]byte, longNonce), make([]byte, welcomeSize-longNonce)...)); !errors.Is(err, ErrServerKey) {
		t.Errorf("a server without the secret: got %v", err)
	}
	if err := x.run(); !errors.Is(err, ErrServerKey) {
		t.Errorf("a server with another secret: got %v", err)
	}
}

// A vouch that a client made for one server is of no use to that server with another one.
func TestVouchForAnotherServer(t *testing.T) {
	t.Parallel()
	good := manualKeys(t)
	x := newTalk(t, good, good)
	body, err := x.server.welcome(x.client.hello())
	check(t, err)
	check(t, x.client.takeWelcome(body))
	other, err := Generate()
	check(t, err)
	x.client.keys.ServerPublic = other.ServerPublic
	vouch, err := x.client.vouch()
	check(t, err)
	if err := x.server.vouched(good.ClientPublic, vouch); !errors.Is(err, errVouch) {
		t.Errorf("got %v", err)
	}
}

// A recorded INITIATE opens no second connection: its cookie and its keys are of the first one.
func TestReplayedInitiate(t *testing.T) {
	t.Parallel()
	k := manualKeys(t)
	first := newTalk(t, k, k)
	check(t, first.run())
	second := newTalk(t, k, k)
	second.server.random = counting(55)
	_, err := second.server.welcome(first.hello)
	check(t, err)
	if _, err := second.server.initiate(first.initiate); !errors.Is(err, errCookie) {
		t.Errorf("got %v", err)
	}
	if _, err := first.server.initiate(first.initiate); !errors.Is(err, errReplayed) {
		t.Errorf("twice on one connection: got %v", err)
	}
}

func TestSocketTypeIsDemanded(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"": errNoType, "\x08Identity\x00\x00\x00\x00": errNoType,
		"\x0bsocket-type\x00\x00\x00\x03SUB":     nil,
		"\x0bSocket-Type\x00\x00\x00\x04SUB":     errMalformed,
		"\x0bSocket-Type\xff\xff\xff\xffSUB":     errMalformed,
		"\x0bSocket-Type\x00":                    errMalformed,
		"\xffSocket-Type":                        errMalformed,
		"\x0bSocket-Type\x00\x00\x00\x03SUB\x01": errMalformed,
	} {
		m, err := parseMetadata([]byte(text))
		if !errors.Is(err, want) || err == nil && m["Socket-Type"] != "SUB" {
			t.Errorf("%q: got %v, %v, want %v", text, m, err, want)
		}
	}
}
