package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"zctl/supervisor"
)

// lookTimeout is the deadline of calls that only look.
const lookTimeout = 5 * time.Second

// grace is how much longer than the supervisor a client waits for its answer.
const grace = 5 * time.Second

// Client talks to the supervisor of one base directory.
type Client struct {
	dirs        supervisor.Dirs
	http        http.Client
	lookTimeout time.Duration
	grace       time.Duration
}

// NewClient makes a client. It connects with the first call.
func NewClient(dirs supervisor.Dirs) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", dirs.Socket())
	}
	return &Client{
		dirs: dirs, http: http.Client{Transport: &http.Transport{DialContext: dial}},
		lookTimeout: lookTimeout, grace: grace,
	}
}

// Status is how the selected nodes are; none selected means all.
func (c *Client) Status(ctx context.Context, nodes []string) (supervisor.Status, error) {
	var s supervisor.Status
	err := c.look(ctx, http.MethodGet, "status?"+url.Values{"node": nodes}.Encode(), nil, &s)
	return s, err
}

// Diagnose is how a node is and how it crashed: in the crash of that name, or the
// last time with "". Without a node it is which crashes are kept.
func (c *Client) Diagnose(ctx context.Context, node, crash string) (supervisor.Diagnosis, error) {
	var d supervisor.Diagnosis
	err := c.look(ctx, http.MethodGet, "diag?"+url.Values{"node": {node}, "crash": {crash}}.Encode(), nil, &d)
	return d, err
}

// Plan is what a deploy would do.
func (c *Client) Plan(ctx context.Context, d supervisor.Deployment, o supervisor.DeployOptions) ([]supervisor.Change, error) {
	var changes []supervisor.Change
	err := c.look(ctx, http.MethodPost, "plan", Deploy{d, o}, &changes)
	return changes, err
}

// Deploy makes the cluster what d says. As with the other calls that change
// something, timeout is how long to wait for it, and progress, if not nil, is
// called with each thing that happens meanwhile.
func (c *Client) Deploy(ctx context.Context, d supervisor.Deployment, o supervisor.DeployOptions, timeout time.Duration, progress func(supervisor.Event)) (supervisor.Result, error) {
	return c.long(ctx, "deploy", Deploy{d, o}, timeout, progress)
}

// Start starts the selected nodes.
func (c *Client) Start(ctx context.Context, nodes []string, timeout time.Duration, progress func(supervisor.Event)) (supervisor.Result, error) {
	return c.long(ctx, "start", Nodes{nodes}, timeout, progress)
}

// Stop stops the selected nodes.
func (c *Client) Stop(ctx context.Context, nodes []string, timeout time.Duration, progress func(supervisor.Event)) (supervisor.Result, error) {
	return c.long(ctx, "stop", Nodes{nodes}, timeout, progress)
}

// Restart restarts the selected nodes.
func (c *Client) Restart(ctx context.Context, nodes []string, timeout time.Duration, progress func(supervisor.Event)) (supervisor.Result, error) {
	return c.long(ctx, "restart", Nodes{nodes}, timeout, progress)
}

// Shutdown ends the supervisor, and the nodes unless they are to keep running.
func (c *Client) Shutdown(ctx context.Context, keepNodes bool, timeout time.Duration, progress func(supervisor.Event)) (supervisor.Result, error) {
	return c.long(ctx, "shutdown", Shutdown{keepNodes}, timeout, progress)
}

// look makes a call that is answered at once.
func (c *Client) look(ctx context.Context, method, path string, request, reply any) error {
	ctx, cancel := context.WithTimeout(ctx, c.lookTimeout)
	defer cancel()
	response, err := c.call(ctx, method, path, request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(reply); err != nil {
		return c.lost(err)
	}
	return nil
}

// long makes a call that is answered in lines.
func (c *Client) long(ctx context.Context, verb string, request any, timeout time.Duration, progress func(supervisor.Event)) (supervisor.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout+c.grace)
	defer cancel()
	response, err := c.call(ctx, http.MethodPost, verb+"?timeout="+timeout.String(), request)
	if err != nil {
		return supervisor.Result{}, err
	}
	defer response.Body.Close()
	decoder := json.NewDecoder(response.Body)
	for {
		var next line
		if err := decoder.Decode(&next); err != nil {
			return supervisor.Result{}, c.lost(err)
		}
		switch {
		case next.Error != nil:
			return supervisor.Result{}, next.Error
		case next.Result != nil:
			return *next.Result, nil
		case next.Event != nil && progress != nil:
			progress(*next.Event)
		}
	}
}

// call sends a request and returns a good response.
func (c *Client) call(ctx context.Context, method, path string, request any) (*http.Response, error) {
	text, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("cannot make request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://zctl/v1/"+path, bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("cannot make request: %w", err)
	}
	response, err := c.http.Do(r)
	if err != nil {
		return nil, c.lost(err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	var refusal line
	if err := json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(&refusal); err != nil || refusal.Error == nil {
		return nil, &Error{Failed, "the supervisor answers " + response.Status}
	}
	return nil, refusal.Error
}

// lost is the error for a supervisor that does not answer, or not any more.
func (c *Client) lost(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{TimedOut, fmt.Sprintf("the supervisor of %s does not answer in time", c.dirs)}
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{Unavailable, fmt.Sprintf("the supervisor of %s ended before it could answer", c.dirs)}
	}
	if errors.Is(err, os.ErrPermission) {
		return &Error{NotAllowed, fmt.Sprintf("not allowed to reach the supervisor of %s; run zctl as root or as the owner of that directory", c.dirs)}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return &Error{Unavailable, fmt.Sprintf("cannot reach the supervisor of %s: %v", c.dirs, err)}
}
