package layoutgen

import (
	"fmt"
	"time"
)

// HeartbeatEnv is the variable by which a Go node, or a broker in Go, learns of its
// heartbeat: a duration, "5s".
const HeartbeatEnv = "ZCTL_HEARTBEAT"

// ParseHeartbeat reads what [HeartbeatEnv] says; "" is no heartbeat, as is 0. What
// is shorter than 100ms would be busy with asking.
func ParseHeartbeat(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || !goodHeartbeat(d) {
		return 0, fmt.Errorf("cannot use %s=%q: %s", HeartbeatEnv, text, heartbeatAdvice)
	}
	return d, nil
}

const heartbeatAdvice = `give 0s for none, or a duration of 100ms to 1h`

func goodHeartbeat(d time.Duration) bool {
	return d == 0 || d >= 100*time.Millisecond && d <= time.Hour
}

func checkHeartbeat(s *source, path string, d time.Duration) {
	if !goodHeartbeat(d) {
		s.problemf(path, "%s is %v; %s", path, d, heartbeatAdvice)
	}
}
