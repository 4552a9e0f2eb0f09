package client

import (
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// dial connects and shakes hands.
func dial(ctx context.Context, o Options) (*websocket.Conn, *sendBuffer, error) {
	var buffer *sendBuffer
	transport := &http.Transport{
		TLSClientConfig: o.TLS,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			buffer = newSendBuffer(conn, o.MaxQueued)
			return buffer, nil
		},
	}
	conn, response, err := websocket.Dial(ctx, o.URL, &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		HTTPHeader:      o.header(),
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		transport.CloseIdleConnections()
		return nil, nil, explain(o.URL, response, err)
	}
	conn.SetReadLimit(int64(o.MaxMessage))
	return conn, buffer, nil
}

// header is what is sent when connecting. No Origin: that is for browsers.
func (o Options) header() http.Header {
	h := o.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if o.ApplicationName != "" {
		h.Set("X-Application-Name", o.ApplicationName)
	}
	if o.Token != "" {
		h.Set("Authorization", "Bearer "+o.Token)
	}
	return h
}
