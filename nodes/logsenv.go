package nodes

import (
	"fmt"

	"zctl/layoutgen"
	"zctl/nodes/logstream"
)

// logsFromEnv is what the environment says about sending logs.
func logsFromEnv(getenv func(string) string) (o logstream.Options, err error) {
	if text := getenv(layoutgen.LogFullEnv); text != "" {
		if o.Policy, err = logstream.ParsePolicy(text); err != nil {
			return o, fmt.Errorf("cannot use %s: %w", layoutgen.LogFullEnv, err)
		}
	}
	o.Spill.MaxBytes, err = layoutgen.ParseLogSpill(getenv(layoutgen.LogSpillEnv))
	return o, err
}
