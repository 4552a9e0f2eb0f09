package nodes

import (
	"fmt"
	"strconv"

	"zctl/nodes/logstream"
)

// Variables that say what becomes of log records that no logger takes.
const (
	logFullEnv    = "ZCTL_LOG_FULL"        // drop, block or spill
	spillBytesEnv = "ZCTL_LOG_SPILL_BYTES" // of all files
)

// logsFromEnv is what the environment says about sending logs.
func logsFromEnv(getenv func(string) string) (o logstream.Options, err error) {
	if text := getenv(logFullEnv); text != "" {
		if o.Policy, err = logstream.ParsePolicy(text); err != nil {
			return o, fmt.Errorf("cannot use %s: %w", logFullEnv, err)
		}
	}
	if text := getenv(spillBytesEnv); text != "" {
		if o.Spill.MaxBytes, err = strconv.ParseInt(text, 10, 64); err != nil || o.Spill.MaxBytes <= 0 {
			return o, fmt.Errorf("cannot use %s=%q: it has to be a number of bytes above 0", spillBytesEnv, text)
		}
	}
	return o, nil
}
