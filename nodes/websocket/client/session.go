package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"

	"zctl/nodes/websocket/frame"
)

// session is one connection, from its acknowledgement on.
type session struct {
	o      Options
	conn   *websocket.Conn
	buffer *sendBuffer
	ack    frame.Ack

	sending sync.Mutex // so that what has room still has it when it is written
}

// newSession connects, subscribes and waits for the acknowledgement.
func newSession(ctx context.Context, o Options, topics []string) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	s := &session{o: o}
	var err error
	if s.conn, s.buffer, err = dial(ctx, o); err != nil {
		return nil, err
	}
	if err := s.subscribe(ctx, topics); err != nil {
		s.conn.CloseNow()
		return nil, err
	}
	return s, nil
}

func (s *session) subscribe(ctx context.Context, topics []string) error {
	if err := s.conn.Write(ctx, websocket.MessageText, frame.AppendSubscriptions(nil, topics)); err != nil {
		return ended(s.o.URL, err)
	}
	for {
		_, data, err := s.conn.Read(ctx)
		if err != nil {
			return s.unacknowledged(ctx, err)
		}
		f, err := frame.Decode(data)
		switch {
		case err != nil: // of a kind that we do not know
			s.o.Log.Debug("ignoring a message of the WebSocket server", "err", err)
		case f.Error != nil:
			return &RefusedError{s.o.URL, f.Error}
		case f.Ack != nil:
			s.ack = *f.Ack
			return nil
		}
	}
}

// unacknowledged is why no acknowledgement came. Some servers say nothing (spec:
// websocket 3).
func (s *session) unacknowledged(ctx context.Context, err error) error {
	var closed websocket.CloseError
	switch {
	case ctx.Err() == context.DeadlineExceeded:
		return fmt.Errorf("cannot use %s: the server did not acknowledge the subscriptions within %v; a Zeek without a cluster backend never does", s.o.URL, s.o.Timeout)
	case errors.As(err, &closed) && closed.Code == websocket.StatusPolicyViolation:
		return refused(s.o.URL, "the server closed the connection: %d %s", closed.Code, closed.Reason)
	}
	return ended(s.o.URL, err)
}

// serve hands on what comes until the connection ends, or end is closed, which is no
// error: then what waits is still sent.
func (s *session) serve(end <-chan struct{}, h Handler) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	var all sync.WaitGroup
	all.Go(func() { cancel(s.read(h)) })
	all.Go(func() { s.watch(ctx, cancel) })
	var err error
	select {
	case <-end:
		s.leave()
	case <-ctx.Done():
		err = ended(s.o.URL, context.Cause(ctx))
	}
	cancel(nil)
	s.conn.CloseNow()
	all.Wait()
	<-s.buffer.flushed
	return err
}

// leaveTimeout is how long leaving may take.
const leaveTimeout = 2 * time.Second

// leave says goodbye. The answer comes when the server has read all that was sent
// before.
func (s *session) leave() {
	late := time.AfterFunc(leaveTimeout, s.buffer.abort)
	defer late.Stop()
	s.conn.Close(websocket.StatusNormalClosure, "")
}

// read reads all the time, so that pings are answered (spec: websocket 10).
func (s *session) read(h Handler) error {
	for {
		_, data, err := s.conn.Read(context.Background())
		if err != nil {
			return err
		}
		if topic, usual := dataTopic(data); usual {
			h.Message(Message{topic, data})
			continue
		}
		f, err := frame.Decode(data)
		switch {
		case err != nil:
			s.o.Log.Warn("ignoring a message of the WebSocket server", "err", err)
		case f.Error != nil:
			s.o.OnError(f.Error)
		case f.Data != nil:
			h.Message(Message{f.Data.Topic, data})
		}
	}
}

// send sends a message, or says that there is no room for it. It never waits.
func (s *session) send(m outgoing) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	switch {
	case len(m.data) > s.o.MaxQueued:
		return fmt.Errorf("%w: it has %d bytes, and at most %d wait to be sent", ErrTooLarge, len(m.data), s.o.MaxQueued)
	case !s.buffer.room(len(m.data)):
		return ErrFull
	}
	if err := s.conn.Write(context.Background(), m.typ, m.data); err != nil {
		return fmt.Errorf("%w: %w", ErrNotConnected, err)
	}
	return nil
}

// watch ends a connection on which nothing comes any more.
func (s *session) watch(ctx context.Context, failed func(error)) {
	if s.o.Silence < 0 {
		return
	}
	tick := time.NewTicker(s.o.Silence / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if silent := now.Sub(time.Unix(0, s.buffer.last.Load())); silent >= s.o.Silence {
				failed(fmt.Errorf("the server has said nothing for %v, and does not answer pings", silent.Round(time.Millisecond)))
				return
			}
			ping, cancel := context.WithTimeout(ctx, s.o.Silence/3)
			s.conn.Ping(ping) // whatever comes of it is heard, or is not
			cancel()
		}
	}
}
