package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"zctl/supervisor"
)

// TestLook shows that what Status and Plan are asked and what they answer
// crosses the socket as it is.
func TestLook(t *testing.T) {
	t.Parallel()
	status, changes := filled[supervisor.Status](), filled[[]supervisor.Change]()
	f := &fake{
		status: func() (supervisor.Status, error) { return status, nil },
		plan:   func() ([]supervisor.Change, error) { return changes, nil },
	}
	s := serveFake(t, f)
	for _, patterns := range [][]string{nil, {"worker-1"}, {"worker-*", "all", "a b&node=c", "ä/\n%", ""}} {
		got, err := s.client.Status(t.Context(), patterns)
		if err != nil || !reflect.DeepEqual(got, status) {
			t.Errorf("status: got  %+v, %v\nwant %+v", got, err, status)
		}
		want := []call{{verb: "status", patterns: patterns}}
		if calls := f.called(); !reflect.DeepEqual(calls, want) {
			t.Errorf("status: called %+v, want %+v", calls, want)
		}
	}

	deployment, options := filled[supervisor.Deployment](), filled[supervisor.DeployOptions]()
	got, err := s.client.Plan(t.Context(), deployment, options)
	if err != nil || !slices.Equal(got, changes) {
		t.Errorf("plan: got %+v, %v\nwant %+v", got, err, changes)
	}
	options.UID = 0 // is for who changes something
	want := []call{{verb: "plan", deployment: deployment, options: options}}
	if calls := f.called(); !reflect.DeepEqual(calls, want) {
		t.Errorf("plan: called  %+v\nwant %+v", calls, want)
	}
}

// fromUs is options as the server passes them on: with who asked.
func fromUs(o supervisor.DeployOptions) supervisor.DeployOptions {
	o.UID = os.Getuid()
	return o
}

// verbs is every call that may take long, and what should come of it.
var verbs = []struct {
	call func(*Client, context.Context, time.Duration, func(supervisor.Event)) (supervisor.Result, error)
	want call
}{
	{
		func(c *Client, ctx context.Context, timeout time.Duration, p func(supervisor.Event)) (supervisor.Result, error) {
			return c.Deploy(ctx, filled[supervisor.Deployment](), filled[supervisor.DeployOptions](), timeout, p)
		},
		call{verb: "deploy", deployment: filled[supervisor.Deployment](), options: fromUs(filled[supervisor.DeployOptions]())},
	},
	{
		func(c *Client, ctx context.Context, timeout time.Duration, p func(supervisor.Event)) (supervisor.Result, error) {
			return c.Start(ctx, []string{"a", "b*"}, timeout, p)
		},
		call{verb: "start", patterns: []string{"a", "b*"}},
	},
	{
		func(c *Client, ctx context.Context, timeout time.Duration, p func(supervisor.Event)) (supervisor.Result, error) {
			return c.Stop(ctx, nil, timeout, p)
		},
		call{verb: "stop"},
	},
	{
		func(c *Client, ctx context.Context, timeout time.Duration, p func(supervisor.Event)) (supervisor.Result, error) {
			return c.Restart(ctx, []string{"workers"}, timeout, p)
		},
		call{verb: "restart", patterns: []string{"workers"}},
	},
	{
		func(c *Client, ctx context.Context, timeout time.Duration, p func(supervisor.Event)) (supervisor.Result, error) {
			return c.Shutdown(ctx, true, timeout, p)
		},
		call{verb: "shutdown", keepNodes: true},
	},
	{
		func(c *Client, ctx context.Context, timeout time.Duration, p func(supervisor.Event)) (supervisor.Result, error) {
			return c.Shutdown(ctx, false, timeout, p)
		},
		call{verb: "shutdown"},
	},
}

// TestLong shows that the calls that may take long bring their arguments and
// their timeout over, and every event in order before the result; the last one
// too, which happens in the very moment of the result. Nobody listens on behind
// the result.
func TestLong(t *testing.T) {
	t.Parallel()
	events, result := filled[[]supervisor.Event](), filled[supervisor.Result]()
	for i := range 20 {
		events = append(events, supervisor.Event{Time: time.Unix(int64(i), 0).UTC(), Cause: fmt.Sprint(i)})
	}
	f := &fake{}
	f.do = func(context.Context) (supervisor.Result, error) {
		for _, e := range events {
			f.tell(e)
		}
		return result, nil
	}
	s := serveFake(t, f)
	for _, verb := range verbs {
		for range 20 {
			const timeout = 90 * time.Second
			var told []supervisor.Event
			got, err := verb.call(s.client, t.Context(), timeout, func(e supervisor.Event) { told = append(told, e) })
			if err != nil || !reflect.DeepEqual(got, result) {
				t.Fatalf("%s: got %+v, %v\nwant %+v", verb.want.verb, got, err, result)
			}
			if !reflect.DeepEqual(told, events) {
				t.Fatalf("%s: told %+v\nwant %+v", verb.want.verb, told, events)
			}
			if n := f.listening(); n != 0 {
				t.Fatalf("%s: %d still listen", verb.want.verb, n)
			}
			calls := f.called()
			if len(calls) == 1 && calls[0].timeout <= timeout && calls[0].timeout > timeout-patience {
				calls[0].timeout = 0
			}
			if want := []call{verb.want}; !reflect.DeepEqual(calls, want) {
				t.Fatalf("%s: called %+v\nwant %+v", verb.want.verb, calls, want)
			}
		}
		if got, err := verb.call(s.client, t.Context(), time.Minute, nil); err != nil || !reflect.DeepEqual(got, result) {
			t.Errorf("%s without progress: got %+v, %v", verb.want.verb, got, err)
		}
		f.called()
	}
}

// TestErrorKinds shows that errors arrive as what they are, with their message.
func TestErrorKinds(t *testing.T) {
	t.Parallel()
	unknown := &supervisor.UnknownNodeError{Pattern: "worker-9", Known: []string{"worker-1"}}
	invalid := supervisor.Deployment{}.Check("/b")
	tests := []struct {
		err  error
		want Error
	}{
		{&Error{BadRequest, "no <such> \"thing\"\nas é"}, Error{BadRequest, "no <such> \"thing\"\nas é"}},
		{&Error{Unavailable, "away"}, Error{Unavailable, "away"}},
		{&Error{NotAllowed, "not you"}, Error{NotAllowed, "not you"}},
		{&Error{Failed, "broken"}, Error{Failed, "broken"}},
		{&Error{TimedOut, "slow"}, Error{TimedOut, "slow"}},
		{fmt.Errorf("outer: %w", &Error{NotAllowed, "inner"}), Error{NotAllowed, "inner"}},
		{unknown, Error{BadRequest, unknown.Error()}},
		{invalid, Error{BadRequest, invalid.Error()}},
		{fmt.Errorf("cannot stop: %w", unknown), Error{BadRequest, "cannot stop: " + unknown.Error()}},
		{supervisor.ErrEnding, Error{Unavailable, supervisor.ErrEnding.Error()}},
		{supervisor.ErrEnded, Error{Ended, supervisor.ErrEnded.Error()}},
		{errors.New("anything else"), Error{Failed, "anything else"}},
	}
	f := &fake{}
	s := serveFake(t, f)
	want := func(what string, err error, want Error) {
		t.Helper()
		var got *Error
		if !errors.As(err, &got) || *got != want || err.Error() != want.Message {
			t.Errorf("%s: got %#v, want %#v", what, err, want)
		}
	}
	for _, test := range tests {
		f.status = func() (supervisor.Status, error) { return supervisor.Status{}, test.err }
		f.plan = func() ([]supervisor.Change, error) { return nil, test.err }
		f.do = func(context.Context) (supervisor.Result, error) { return supervisor.Result{}, test.err }
		_, err := s.client.Status(t.Context(), nil)
		want("status", err, test.want)
		_, err = s.client.Plan(t.Context(), supervisor.Deployment{}, supervisor.DeployOptions{})
		want("plan", err, test.want)
		for _, verb := range verbs {
			_, err := verb.call(s.client, t.Context(), time.Minute, nil)
			want(verb.want.verb, err, test.want)
		}
	}
}

// TestLookWhileBusy shows that looking does not wait for what takes long.
func TestLookWhileBusy(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan struct{}), make(chan struct{})
	f := &fake{
		status: func() (supervisor.Status, error) { return filled[supervisor.Status](), nil },
		do: func(context.Context) (supervisor.Result, error) {
			close(begun)
			<-finish
			return supervisor.Result{TimedOut: true}, nil
		},
	}
	s := serveFake(t, f)
	ended := make(chan supervisor.Result, 1)
	go func() {
		result, err := s.client.Start(t.Context(), nil, time.Minute, nil)
		if err != nil {
			t.Error(err)
		}
		ended <- result
	}()
	receive(t, "the long call", begun)
	if _, err := s.client.Status(t.Context(), nil); err != nil {
		t.Error(err)
	}
	close(finish)
	if result := receive(t, "the result", ended); !result.TimedOut {
		t.Errorf("got %+v", result)
	}
}

// TestDiagnose shows that a diagnosis and what it is about cross the socket whole.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	f := &fake{diagnosis: filled[supervisor.Diagnosis]()}
	s := serveFake(t, f)
	got, err := s.client.Diagnose(t.Context(), "worker-1", "a crash&more")
	if err != nil || !reflect.DeepEqual(got, f.diagnosis) {
		t.Errorf("got %+v, %v", got, err)
	}
	if calls := f.called(); len(calls) != 1 || calls[0].verb != "diag" || !slices.Equal(calls[0].patterns, []string{"worker-1", "a crash&more"}) {
		t.Errorf("called %+v", calls)
	}
}
