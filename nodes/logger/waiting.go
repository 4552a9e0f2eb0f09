package logger

import "sync/atomic"

// waiting bounds the memory of all files for text that waits for more.
type waiting struct {
	most int64
	held atomic.Int64
}

// count sets what a file has for that, of which it had counted before, and says
// whether all together is within the bound.
func (w *waiting) count(counted *int, now int) bool {
	delta := now - *counted
	*counted = now
	return w.held.Add(int64(delta)) <= w.most
}
