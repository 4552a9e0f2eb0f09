package websocket

import (
	"crypto/subtle"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxToken is how large a file with a token may be.
const maxToken = 4 << 10

// readToken is the token in a file, which may end with a newline. An empty one would let
// everybody in, and one of several lines nobody.
func readToken(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("cannot read the token of WebSocket clients: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	if err != nil {
		return "", fmt.Errorf("cannot read the token of WebSocket clients: %w", err)
	}
	token := strings.TrimSpace(string(text))
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	switch {
	case token == "":
		return "", fmt.Errorf("cannot use the token of WebSocket clients: %s is empty", file)
	case len(text) > maxToken:
		return "", fmt.Errorf("cannot use the token of WebSocket clients: %s has more than %d bytes", file, maxToken)
	case strings.ContainsFunc(token, control):
		return "", fmt.Errorf("cannot use the token of WebSocket clients: %s has more than one line", file)
	}
	return token, nil
}

// token is what clients have to know, "" if nothing.
func (o ListenOptions) token() (string, error) {
	if o.TokenFile == "" {
		return o.Token, nil
	}
	return readToken(o.TokenFile)
}

// knows says whether a client has the token.
func (l *listener) knows(authorization string) bool {
	want, err := l.token.get()
	if want == "" || err != nil {
		return err == nil
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(token), []byte(want)) == 1
}
