package curve

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// connected is both ends of a connection over loopback. (zmq4 deadlocks on net.Pipe; spec: zmq4 5.)
func connected(t *testing.T) (client, server net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer ln.Close()
	client, err = net.Dial("tcp", ln.Addr().String())
	check(t, err)
	server, err = ln.Accept()
	check(t, err)
	for _, nc := range []net.Conn{client, server} {
		check(t, nc.SetDeadline(time.Now().Add(20*time.Second)))
		t.Cleanup(func() { nc.Close() })
	}
	return client, server
}

// open makes both ends a ZMTP connection, and hangs up on whoever fails.
func open(t *testing.T, client, server *Mechanism) (clientErr, serverErr error) {
	t.Helper()
	at, from := connected(t)
	done := make(chan error)
	go func() {
		_, err := zmq4.Open(from, server, zmq4.XSub, nil, true, nil)
		from.(*net.TCPConn).CloseWrite()
		done <- err
	}()
	_, clientErr = zmq4.Open(at, client, zmq4.XPub, nil, false, nil)
	at.(*net.TCPConn).CloseWrite()
	return clientErr, <-done
}

func TestMechanism(t *testing.T) {
	t.Parallel()
	c, s := New(manualKeys(t)), New(manualKeys(t))
	clientErr, serverErr := open(t, c, s)
	check(t, errors.Join(clientErr, serverErr))
	exchange(t, c.Session(), s.Session(), "up")
	exchange(t, s.Session(), c.Session(), "down")
}

func TestMechanismRefuses(t *testing.T) {
	t.Parallel()
	good := manualKeys(t)
	other, err := Generate()
	check(t, err)
	otherClient, otherServer := good, good
	otherClient.ClientPublic, otherClient.ClientSecret = other.ClientPublic, other.ClientSecret
	otherServer.ServerPublic = other.ServerPublic
	for name, c := range map[string]struct {
		client, server         Keys
		clientWant, serverWant string
	}{
		"another client":   {otherClient, good, "the server does not accept our client key (status \"400\")", "client key not accepted"},
		"another server":   {otherServer, good, "the server turned away from our HELLO: not the server's key", "HELLO: not the server's key"},
		"a keyless client": {Keys{}, good, "cannot connect with CURVE: the server's public key is missing", "no HELLO: "},
		"a keyless server": {good, Keys{}, "the server turned away", "cannot listen with CURVE: the server's secret key is missing"},
	} {
		one, two := New(c.client), New(c.server)
		clientErr, serverErr := open(t, one, two)
		if clientErr == nil || !strings.Contains(clientErr.Error(), c.clientWant) {
			t.Errorf("%s: the client got %v, want %s", name, clientErr, c.clientWant)
		}
		if serverErr == nil || !strings.Contains(serverErr.Error(), c.serverWant) {
			t.Errorf("%s: the server got %v, want %s", name, serverErr, c.serverWant)
		}
		if one.Session() != nil || two.Session() != nil {
			t.Errorf("%s: there is a session", name)
		}
	}
}

// An ERROR may say anything; what it says is logged, so only a little of it counts.
func TestRefusal(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"\x03400": ErrRefused.Error() + ` (status "400")`, "\x03300": `the peer sent an ERROR: "300"`, "": `the peer sent an ERROR: ""`,
		"\xff\x00\x1b[2J": `the peer sent an ERROR: "\x00\x1b[2J"`,
	} {
		if got := refusal([]byte(body)).Error(); got != want {
			t.Errorf("%q: got %s, want %s", body, got, want)
		}
	}
	if got := refusal([]byte("\xff" + strings.Repeat("x", 10_000))).Error(); len(got) > 200 {
		t.Errorf("%d bytes of a peer's words", len(got))
	}
}
