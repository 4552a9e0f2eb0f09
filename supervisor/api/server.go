package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor"
)

const (
	// maxBody bounds a request, in bytes: a deployment of 10,000 nodes is 8 MB.
	maxBody = 64 << 20
	// defaultTimeout is for requests that do not say how long to wait.
	defaultTimeout = 5 * time.Minute
)

// limits bound what a client may cost.
type limits struct {
	body  int64         // the size of a request, in bytes
	read  time.Duration // to say what it wants
	write time.Duration // to take an answer, or a line of a long one
	close time.Duration // that answers under way may still take
}

var usualLimits = limits{body: maxBody, read: 10 * time.Second, write: 10 * time.Second, close: 10 * time.Second}

// Supervisor is what the server serves; [supervisor.Supervisor] is one.
type Supervisor interface {
	Status(patterns []string) (supervisor.Status, error)
	Diagnose(node, crash string) (supervisor.Diagnosis, error)
	Plan(supervisor.Deployment, supervisor.DeployOptions) ([]supervisor.Change, error)
	Deploy(context.Context, supervisor.Deployment, supervisor.DeployOptions) (supervisor.Result, error)
	Start(ctx context.Context, patterns []string) (supervisor.Result, error)
	Stop(ctx context.Context, patterns []string) (supervisor.Result, error)
	Restart(ctx context.Context, patterns []string) (supervisor.Result, error)
	Shutdown(ctx context.Context, keepNodes bool) (supervisor.Result, error)
	Listen(func(supervisor.Event)) (stop func())
}

// Server serves one supervisor on one socket.
type Server struct {
	http   *http.Server
	limits limits
	done   chan error
}

// Serve opens the socket and answers on it until it is closed. A socket file
// that is already there is a dead supervisor's: the lock of the base directory
// keeps two from living there.
func Serve(socket string, s Supervisor, log *slog.Logger) (*Server, error) {
	return serve(socket, service{s, usualLimits}, log)
}

func serve(socket string, s service, log *slog.Logger) (*Server, error) {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot open control socket: %w", err)
	}
	// Between bind and chmod nobody else can reach it: its directory is 0700.
	l, err := net.Listen("unix", socket)
	if err == nil {
		err = os.Chmod(socket, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open control socket: %w", err)
	}
	server := &Server{
		limits: s.limits,
		done:   make(chan error, 1),
		http: &http.Server{
			Handler:           ownerOnly(handler(s)),
			ReadHeaderTimeout: s.read,
			ReadTimeout:       s.read,
			WriteTimeout:      s.write, // long answers get more as they go on
			IdleTimeout:       time.Minute,
			ConnContext:       withPeer,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		},
	}
	go func() { server.done <- server.http.Serve(l) }()
	return server, nil
}

// Close lets the answers under way end, for a while, and removes the socket.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.limits.close)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// service is a supervisor that clients may use within limits.
type service struct {
	Supervisor
	limits
}

func handler(s service) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, r *http.Request) {
		status, err := s.Status(r.URL.Query()["node"])
		answer(w, status, err)
	})
	mux.HandleFunc("GET /v1/diag", func(w http.ResponseWriter, r *http.Request) {
		d, err := s.Diagnose(r.URL.Query().Get("node"), r.URL.Query().Get("crash"))
		answer(w, d, err)
	})
	mux.HandleFunc("POST /v1/plan", func(w http.ResponseWriter, r *http.Request) {
		b, err := body[Deploy](w, r, s.body)
		if err != nil {
			answer(w, nil, err)
			return
		}
		changes, err := s.Plan(b.Deployment, b.Options)
		answer(w, changes, err)
	})
	long(mux, s, "deploy", func(ctx context.Context, b Deploy) (supervisor.Result, error) {
		if peer, ok := ctx.Value(peerKey{}).(*unix.Ucred); ok {
			b.Options.UID = int(peer.Uid)
		}
		return s.Deploy(ctx, b.Deployment, b.Options)
	})
	long(mux, s, "start", func(ctx context.Context, n Nodes) (supervisor.Result, error) { return s.Start(ctx, n.Nodes) })
	long(mux, s, "stop", func(ctx context.Context, n Nodes) (supervisor.Result, error) { return s.Stop(ctx, n.Nodes) })
	long(mux, s, "restart", func(ctx context.Context, n Nodes) (supervisor.Result, error) { return s.Restart(ctx, n.Nodes) })
	long(mux, s, "shutdown", func(ctx context.Context, b Shutdown) (supervisor.Result, error) {
		return s.Shutdown(ctx, b.KeepNodes)
	})
	return mux
}

// long handles a verb that may take long: it answers in lines.
func long[T any](mux *http.ServeMux, s service, verb string, do func(context.Context, T) (supervisor.Result, error)) {
	mux.HandleFunc("POST /v1/"+verb, func(w http.ResponseWriter, r *http.Request) {
		request, err := body[T](w, r, s.body)
		timeout := defaultTimeout
		if text := r.URL.Query().Get("timeout"); err == nil && text != "" {
			timeout, err = time.ParseDuration(text)
			err = badRequest(err)
		}
		if err != nil {
			answer(w, nil, err)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		lines := newLines(w, s.write)
		defer lines.close()
		stop := s.Listen(lines.event)
		result, err := do(ctx, request)
		stop()
		if err != nil {
			lines.end(line{Error: errorOf(err)})
			return
		}
		lines.end(line{Result: &result})
	})
}

// body decodes the body of a request, of at most limit bytes.
func body[T any](w http.ResponseWriter, r *http.Request, limit int64) (T, error) {
	var v T
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit))
	d.DisallowUnknownFields()
	err := d.Decode(&v)
	if err == nil {
		if _, err = d.Token(); err == nil {
			err = errors.New("there is more behind its end")
		}
	}
	if !errors.Is(err, io.EOF) {
		return v, &Error{BadRequest, fmt.Sprintf("cannot understand request: %v", err)}
	}
	return v, nil
}

// codes are the HTTP statuses of errors; those of all others are 500.
var codes = map[Kind]int{
	BadRequest:  http.StatusBadRequest,
	NotAllowed:  http.StatusForbidden,
	Unavailable: http.StatusServiceUnavailable,
	Ended:       http.StatusServiceUnavailable,
	TimedOut:    http.StatusGatewayTimeout,
}

func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		e := errorOf(err)
		w.WriteHeader(cmp.Or(codes[e.Kind], http.StatusInternalServerError))
		v = line{Error: e}
	}
	json.NewEncoder(w).Encode(v)
}

func badRequest(err error) error {
	if err == nil {
		return nil
	}
	return &Error{BadRequest, err.Error()}
}

// errorOf is an error as it crosses the socket.
func errorOf(err error) *Error {
	var e *Error
	var unknown *supervisor.UnknownNodeError
	var invalid *supervisor.InvalidError
	var noCrash *supervisor.UnknownCrashError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &noCrash):
		return &Error{BadRequest, err.Error()}
	case errors.Is(err, supervisor.ErrEnding):
		return &Error{Unavailable, err.Error()}
	case errors.Is(err, supervisor.ErrEnded):
		return &Error{Ended, err.Error()}
	default:
		return &Error{Failed, err.Error()}
	}
}

type peerKey struct{}

// withPeer notes who is at the other end of a connection.
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return ctx
	}
	var peer *unix.Ucred
	raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err != nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, peer)
}

// ownerOnly refuses everybody but root and the user the supervisor runs as.
func ownerOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, _ := r.Context().Value(peerKey{}).(*unix.Ucred)
		if peer == nil || peer.Uid != 0 && int(peer.Uid) != os.Geteuid() {
			answer(w, nil, &Error{NotAllowed, "only root and the user who runs the supervisor may control it"})
			return
		}
		next.ServeHTTP(w, r)
	})
}
