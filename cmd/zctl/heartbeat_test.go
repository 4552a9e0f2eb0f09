package main

import (
	"maps"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// TestWithHeartbeat: what runs in Go has the heartbeat; what its section says stays.
func TestWithHeartbeat(t *testing.T) {
	t.Parallel()
	own := map[string]string{"ZCTL_HEARTBEAT": "1s", "A": "b"}
	for _, test := range []struct {
		engine string
		every  time.Duration
		env    map[string]string
		want   map[string]string
	}{
		{layoutgen.EngineGo, 5 * time.Second, nil, map[string]string{"ZCTL_HEARTBEAT": "5s"}},
		{layoutgen.EngineGo, 5 * time.Second, map[string]string{"A": "b"}, map[string]string{"ZCTL_HEARTBEAT": "5s", "A": "b"}},
		{layoutgen.EngineGo, 5 * time.Second, own, own},
		{layoutgen.EngineGo, 0, nil, nil},
		{layoutgen.EngineZeek, 5 * time.Second, nil, nil},
	} {
		got := withHeartbeat(supervisor.Spec{Engine: test.engine, Env: test.env}, test.every)
		if !maps.Equal(got, test.want) {
			t.Errorf("%s, %v, %v: %v, want %v", test.engine, test.every, test.env, got, test.want)
		}
	}
}
