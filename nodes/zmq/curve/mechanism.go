package curve

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-zeromq/zmq4"
)

// Mechanism makes zmq4's handshake a CURVE handshake. It is for one connection. It needs the keys that ToListen or
// ToConnect demand.
//
// zmq4 knows no mechanism that changes the length of a frame, so traffic does not go through it: when the handshake is
// done take the Session, and frame and seal by oneself (spec: zmq4 5).
type Mechanism struct {
	keys    Keys
	random  io.Reader
	session *Session
}

// New is a mechanism for one connection.
func New(keys Keys) *Mechanism { return &Mechanism{keys: keys, random: rand.Reader} }

// Session is what the handshake agreed on; nil until it succeeded.
func (m *Mechanism) Session() *Session { return m.session }

// Type is CURVE, for the greeting.
func (m *Mechanism) Type() zmq4.SecurityType { return zmq4.CurveSecurity }

// Encrypt passes on what zmq4 sends: the commands of the handshake, which seal themselves.
func (m *Mechanism) Encrypt(w io.Writer, data []byte) (int, error) { return w.Write(data) }

// Decrypt passes on what zmq4 receives.
func (m *Mechanism) Decrypt(w io.Writer, data []byte) (int, error) { return w.Write(data) }

// Handshake does all between the greetings and the first MESSAGE. As the server it tells a client whose key it does not
// accept so, in libzmq's way; from everybody else who does something wrong it just turns away.
func (m *Mechanism) Handshake(conn *zmq4.Conn, server bool) (err error) {
	if server {
		m.session, err = m.serve(conn)
	} else {
		m.session, err = m.connect(conn)
	}
	if err != nil {
		return fmt.Errorf("CURVE: %w", err)
	}
	return nil
}

// denied is the status of a client that is not to try again: libzmq's clients give up, as they do with a libzmq server
// (ZAP, RFC 27).
const denied = "400"

func (m *Mechanism) serve(conn *zmq4.Conn) (*Session, error) {
	if err := m.keys.ToListen(); err != nil {
		return nil, err
	}
	ours, err := conn.Meta.MarshalZMTP()
	if err != nil {
		return nil, err
	}
	s := newServer(m.keys, m.random)
	body, err := receive(conn, zmq4.CmdHello)
	if err != nil {
		return nil, err
	}
	if body, err = s.welcome(body); err != nil {
		return nil, err
	}
	if body, err = ask(conn, zmq4.CmdWelcome, body, zmq4.CmdInitiate); err != nil {
		return nil, err
	}
	theirs, err := s.initiate(body)
	if errors.Is(err, ErrClientKey) {
		_ = send(conn, zmq4.CmdError, append([]byte{byte(len(denied))}, denied...)) // it is refused in any case
	}
	if err != nil {
		return nil, err
	}
	conn.Peer.Meta = theirs
	if err := send(conn, zmq4.CmdReady, s.ready(ours)); err != nil {
		return nil, err
	}
	return s.session(), nil
}

func (m *Mechanism) connect(conn *zmq4.Conn) (*Session, error) {
	if err := m.keys.ToConnect(); err != nil {
		return nil, err
	}
	ours, err := conn.Meta.MarshalZMTP()
	if err != nil {
		return nil, err
	}
	c, err := newClient(m.keys, m.random)
	if err != nil {
		return nil, err
	}
	body, err := ask(conn, zmq4.CmdHello, c.hello(), zmq4.CmdWelcome)
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the server turned away from our HELLO: %w", ErrServerKey) // libzmq's way to say so
	}
	if err != nil {
		return nil, err
	}
	if body, err = c.initiate(body, ours); err != nil {
		return nil, err
	}
	if body, err = ask(conn, zmq4.CmdInitiate, body, zmq4.CmdReady); err != nil {
		return nil, err
	}
	if conn.Peer.Meta, err = c.ready(body); err != nil {
		return nil, err
	}
	return c.session(), nil
}

// ask sends a command and waits for the one that must follow.
func ask(conn *zmq4.Conn, name string, body []byte, answer string) ([]byte, error) {
	if err := send(conn, name, body); err != nil {
		return nil, err
	}
	return receive(conn, answer)
}

func send(conn *zmq4.Conn, name string, body []byte) error {
	if err := conn.SendCmd(name, body); err != nil {
		return fmt.Errorf("cannot send %s: %w", name, err)
	}
	return nil
}

// receive waits for a command, which may also be an ERROR.
func receive(conn *zmq4.Conn, name string) ([]byte, error) {
	cmd, err := conn.RecvCmd()
	switch {
	case err != nil:
		return nil, fmt.Errorf("no %s: %w", name, err)
	case cmd.Name == zmq4.CmdError:
		return nil, refusal(cmd.Body)
	case cmd.Name != name:
		return nil, fmt.Errorf("%.16q instead of %s: %w", cmd.Name, name, errMalformed)
	}
	return cmd.Body, nil
}

// refusal is what an ERROR says: a status as in ZAP, or any words.
func refusal(body []byte) error {
	reason := strings.TrimPrefix(string(body), string(body[:min(1, len(body))])) // its length
	if strings.HasPrefix(reason, "4") {
		return fmt.Errorf("%w (status %.16q)", ErrRefused, reason)
	}
	return fmt.Errorf("the peer sent an ERROR: %.64q", reason)
}
