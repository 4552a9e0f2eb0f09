package telemetry

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// connect opens a connection to a server's port and says something there.
func connect(t *testing.T, url, say string) *bufio.Reader {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprint(conn, say); err != nil {
		t.Fatal(err)
	}
	return bufio.NewReader(conn)
}

// Connections that stay and ask for nothing, however many, keep nobody out.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, say string }{
		{"silent", ""},
		{"slow", "GET /metr"},
		{"idle", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, Options{Node: "n", Read: metrics})
			for range 2 * maxClients {
				answer := connect(t, url, test.say)
				if test.name == "idle" {
					if line, err := answer.ReadString('\n'); err != nil || line != "HTTP/1.1 200 OK\r\n" {
						t.Fatalf("got %q, %v", line, err)
					}
				}
			}
			hasty := http.Client{Timeout: idleTimeout / 2} // before others are thrown out for being idle
			answer, err := hasty.Get(url + "/metrics")
			if err != nil {
				t.Fatal(err)
			}
			if answer.Body.Close(); answer.StatusCode != 200 {
				t.Errorf("got %d", answer.StatusCode)
			}
		})
	}
}

// Who is being answered stays, however many come.
func TestBusyConnectionStays(t *testing.T) {
	t.Parallel()
	begun, end := make(chan struct{}), make(chan struct{})
	url := serve(t, Options{Node: "n", Read: func(emit func(Metric)) {
		close(begun)
		<-end
		metrics(emit)
	}})
	answered := make(chan string, 1)
	go func() {
		answer, err := http.Get(url + "/metrics")
		if err != nil {
			answered <- err.Error()
			return
		}
		answer.Body.Close()
		answered <- answer.Status
	}()
	<-begun
	for range 2 * maxClients { // each has been let in when it is answered
		if _, err := connect(t, url, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	close(end)
	if got := <-answered; got != "200 OK" {
		t.Errorf("got %s", got)
	}
}
