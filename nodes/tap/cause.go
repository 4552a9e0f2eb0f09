package tap

import "log/slog"

// Cause is for who joins a bus otherwise: a log for his sockets, which hands everything on
// to the given one, nil for nowhere, and unreachable, which makes an [UnreachableError] of
// what the sockets last said there.
func Cause(log *slog.Logger) (sockets *slog.Logger, unreachable func(endpoint string) error) {
	t := newTrouble(log)
	return slog.New(t), t.unreachable
}
