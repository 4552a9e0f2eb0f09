package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"zctl/nodes/tap"
	"zctl/nodes/websocket/client"
	"zctl/nodes/websocket/frame"
)

// webSocketFlags are for what is heard through a WebSocket server.
func webSocketFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "websocket", Usage: "listen through the WebSocket server at `URL`: ws://HOST:27759, or wss://"},
		&cli.StringFlag{Name: "token-file", Usage: "`FILE` with the token that the WebSocket server wants"},
		&cli.StringFlag{Name: "ca-file", Usage: "`FILE` with the certificates to trust, as PEM, instead of the host's"},
		&cli.StringFlag{Name: "cert-file", Usage: "`FILE` with our own certificate, as PEM, if the server wants one"},
		&cli.StringFlag{Name: "key-file", Usage: "`FILE` with its key"},
	}
}

// setFlag is the first of the flags that was set, "" if none was.
func setFlag(c *cli.Context, flags []cli.Flag) string {
	for _, f := range flags {
		if name := f.Names()[0]; c.IsSet(name) {
			return name
		}
	}
	return ""
}

func tapWebSocket(c *cli.Context) error {
	for _, name := range []string{"connect-xsub", "connect-xpub", "logs"} {
		if c.IsSet(name) {
			return usagef("--%s is for the bus itself, and --websocket for who does not reach it; say one of them", name)
		}
	}
	o, err := webSocketServer(c)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	return listenAt(c, bus{}, o.URL, func(to tap.Options, notices chan<- string) (*tap.Tap, error) {
		o.OnError = func(e *frame.Error) { note(notices, "the server says: "+e.Error()) }
		return tap.OpenWebSocket(o, to)
	})
}

// webSocketServer is the server that the flags say.
func webSocketServer(c *cli.Context) (o client.Options, err error) {
	o = client.Options{URL: c.String("websocket"), ApplicationName: "zctl/tap", Timeout: c.Duration("timeout")}
	if o.Token, err = readToken(c.String("token-file")); err != nil {
		return o, err
	}
	files := client.TLSFiles{CA: c.String("ca-file"), Cert: c.String("cert-file"), Key: c.String("key-file")}
	if files == (client.TLSFiles{}) {
		return o, nil
	}
	if !strings.HasPrefix(o.URL, "wss:") {
		return o, errors.New("certificates are for TLS, which needs a URL that begins with wss://")
	}
	o.TLS, err = files.Config()
	return o, err
}

// readToken is the token in a file, which may end with a newline.
func readToken(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	token, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("cannot read --token-file %s: %w", file, withoutPath(err))
	}
	if text := strings.TrimSpace(string(token)); text != "" {
		return text, nil
	}
	return "", fmt.Errorf("cannot use --token-file %s: it is empty; put the token of the server into it", file)
}
