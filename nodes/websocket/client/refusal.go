package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/coder/websocket"
)

// RefusedError says that a server does not want this client, or the client not this
// server: trying again would not help.
type RefusedError struct {
	URL   string
	Cause error // with what to do
}

func (e *RefusedError) Error() string { return "cannot use " + e.URL + ": " + e.Cause.Error() }

// Unwrap is why.
func (e *RefusedError) Unwrap() error { return e.Cause }

// refused makes a [RefusedError].
func refused(url string, format string, args ...any) error {
	return &RefusedError{url, fmt.Errorf(format, args...)}
}

// explain makes of why no connection came about an error for people.
func explain(url string, response *http.Response, err error) error {
	if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
		return refusedStatus(url, response)
	}
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var operation *net.OpError
	switch {
	case errors.As(err, &verification):
		return refused(url, "%w; whom to trust is said by a CA file, and the URL has to have the name or address that is in the certificate", verification.Unwrap())
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return refused(url, "the server does not speak TLS; try ws:// instead of wss://")
	case errors.As(err, &operation) && operation.Op == "remote error":
		return refused(url, "the server refused: %w; does it want to see a certificate that its CA signed?", operation.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("cannot connect to %s: connection refused; does the node run, and does its WebSocket server listen there?", url)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("cannot connect to %s: the server closed the connection at once; it may have too many clients, or want TLS (wss://)", url)
	}
	text := strings.TrimPrefix(err.Error(), "failed to WebSocket dial: ")
	text = strings.TrimPrefix(text, "failed to send handshake request: ")
	return fmt.Errorf("cannot connect to %s: %w", url, &dialError{text, err})
}

// dialError is an error with fewer words.
type dialError struct {
	text string
	err  error
}

func (e *dialError) Error() string { return e.text }
func (e *dialError) Unwrap() error { return e.err }

func refusedStatus(url string, response *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, 200))
	said := strings.TrimSpace(string(body))
	if said != "" {
		said = fmt.Sprintf(" (it says %q)", said)
	}
	switch response.StatusCode {
	case http.StatusUnauthorized:
		return refused(url, "the server wants a token that it knows%s", said)
	case http.StatusForbidden:
		return refused(url, "the server does not let us in%s", said)
	case http.StatusBadRequest:
		return refused(url, "the server does not understand us%s; does it want TLS (wss://)?", said)
	}
	err := fmt.Errorf("the server answers %s%s", response.Status, said)
	if response.StatusCode >= 500 { // perhaps it can the next time
		return fmt.Errorf("cannot connect to %s: %w", url, err)
	}
	return &RefusedError{url, fmt.Errorf("%w; is that a WebSocket server of Zeek or zctl?", err)}
}

// ended makes of why a connection ended an error for people.
func ended(url string, err error) error {
	var closed websocket.CloseError
	switch {
	case errors.As(err, &closed) && closed.Reason != "":
		return fmt.Errorf("lost %s: the server closed the connection: %d %s", url, closed.Code, closed.Reason)
	case errors.As(err, &closed):
		return fmt.Errorf("lost %s: the server closed the connection: %d", url, closed.Code)
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return fmt.Errorf("lost %s: the connection was closed", url)
	case errors.Is(err, websocket.ErrMessageTooBig):
		return fmt.Errorf("lost %s: the server sent a message that is too large", url)
	}
	return fmt.Errorf("lost %s: %w", url, err)
}
