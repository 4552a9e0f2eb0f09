package layoutgen

import (
	"fmt"
	"strconv"
)

// Variables by which a Go node learns what becomes of its log records while loggers
// are gone, or too slow. A section's env may set them.
const (
	LogFullEnv  = "ZCTL_LOG_FULL"        // one of LogFull
	LogSpillEnv = "ZCTL_LOG_SPILL_BYTES" // the bound of the files, with "spill"
)

// LogFull is the values of [LogFullEnv]: new batches are dropped, whoever logs waits,
// or batches go to files.
var LogFull = []string{"drop", "block", "spill"}

const logSpillAdvice = "give a number of bytes above 0"

// ParseLogSpill reads what [LogSpillEnv] says; "" is 0, the node's default.
func ParseLogSpill(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("cannot use %s=%q: %s", LogSpillEnv, text, logSpillAdvice)
	}
	return n, nil
}
