package telemetry

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// room is a listener with room for so many connections. For one more, the one goes that
// has been silent for longest, if that is long enough: clients that connect and ask for
// nothing must not keep out who wants to know something.
type room struct {
	net.Listener
	most   int
	silent time.Duration // how long is long enough: silentFor

	mu      sync.Mutex // guards what follows
	guests  []*guest   // who has been silent for longest is the first
	changed chan struct{}
	closed  bool
}

// guest is a connection.
type guest struct {
	net.Conn
	room  *room
	since time.Time // when it came, or was last answered
	busy  bool      // it is being answered
}

// silentFor is how long a connection may be silent while others wait: long enough for
// who has connected to say what for.
const silentFor = 500 * time.Millisecond

func newRoom(l net.Listener, most int) *room {
	return &room{Listener: l, most: most, silent: silentFor, changed: make(chan struct{})}
}

// Accept waits for room at most as long as requests take that are being answered, and
// silentFor.
func (r *room) Accept() (net.Conn, error) {
	conn, err := r.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g := &guest{Conn: conn, room: r}
	for {
		entered, gone, changed := r.enter(g)
		if gone != nil {
			gone.Conn.Close() // whoever serves it learns of it, and closes it once more
		}
		if entered {
			return g, nil
		}
		if changed == nil {
			conn.Close()
			return nil, net.ErrClosed
		}
		select {
		case <-changed:
		case <-time.After(r.silent / 10):
		}
	}
}

// enter lets a guest in, and says who has to go for that. If nobody has, changed is
// closed when that may be otherwise; nil: never.
func (r *room) enter(g *guest) (entered bool, gone *guest, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false, nil, nil
	}
	g.since = time.Now()
	if len(r.guests) >= r.most {
		i := slices.IndexFunc(r.guests, func(g *guest) bool { return !g.busy })
		if i < 0 || g.since.Sub(r.guests[i].since) < r.silent {
			return false, nil, r.changed
		}
		gone = r.guests[i]
		r.guests = slices.Delete(r.guests, i, i+1)
	}
	r.guests = append(r.guests, g)
	return true, gone, nil
}

// Close lets nobody in any more.
func (r *room) Close() error {
	r.mu.Lock()
	r.closed = true
	r.tell()
	r.mu.Unlock()
	return r.Listener.Close()
}

// tell wakes who waits for room. r.mu is held.
func (r *room) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// Close also makes room.
func (g *guest) Close() error {
	g.room.mu.Lock()
	g.room.guests = slices.DeleteFunc(g.room.guests, func(other *guest) bool { return other == g })
	g.room.tell()
	g.room.mu.Unlock()
	return g.Conn.Close()
}

// serving notes that a guest is being answered, or has been.
func (g *guest) serving(busy bool) {
	g.room.mu.Lock()
	defer g.room.mu.Unlock()
	g.busy = busy
	if i := slices.Index(g.room.guests, g); i >= 0 && !busy {
		g.since = time.Now()
		g.room.guests = append(slices.Delete(g.room.guests, i, i+1), g)
	}
}

type guestKey struct{}

// remember has handlers know the connection that they answer: [http.Server.ConnContext].
func remember(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, guestKey{}, conn)
}

// attentive lets the room know who is being answered.
func attentive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g, ok := r.Context().Value(guestKey{}).(*guest); ok {
			g.serving(true)
			defer g.serving(false)
		}
		next.ServeHTTP(w, r)
	})
}
