package nodes

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"zctl/nodes/zmq"
	"zctl/nodes/zmq/curve"
)

func newKeys(t *testing.T) *curve.Keys {
	t.Helper()
	keys, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return &keys
}

// TestEncryptedCluster: nodes with keys are a cluster, logs included; one with
// other keys, or none, is not in it and says why.
func TestEncryptedCluster(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	c.keys = newKeys(t)
	c.start("manager", "logger-1", "proxy-1")
	few := *c.keys
	few.ServerSecret = curve.SecretKey{} // a worker need not have it
	c.keys = &few
	c.start("worker-1")
	for name, r := range c.nodes {
		await(t, name+" meets 3 of 4", func() bool { up, _ := r.peers(); return up == 3 })
	}
	c.awaitLine("logger-1", "\tworker-1\tgot hello from manager (")
	for keys, want := range map[*curve.Keys]string{
		newKeys(t): "different server keys; give all nodes the same keys", nil: "it demands",
	} {
		log := runWhileLogging(t, Options{Name: "worker-2", Layout: c.file, ZeroMQ: zmq.Options{Curve: keys}}, want)
		if !strings.Contains(log, "refused, trying again slowly") {
			t.Errorf("said %s", log)
		}
	}
	for name, r := range c.nodes {
		if up, _ := r.peers(); up != 3 {
			t.Errorf("%s has %d peers", name, up)
		}
	}
}

// TestUnencryptedHostsAreWarnedOf: whoever runs a cluster of several addresses
// without keys hears that it can be listened to.
func TestUnencryptedHostsAreWarnedOf(t *testing.T) {
	t.Parallel()
	const warning = "the bus is not encrypted, and nodes have several addresses"
	c := newCluster(t, "")
	one := runWhileLogging(t, Options{Name: "proxy-1", Layout: c.file}, "msg=started")
	layout, err := os.ReadFile(c.file)
	if err != nil {
		t.Fatal(err)
	}
	layout = bytes.Replace(layout, []byte("$ip=127.0.0.1"), []byte("$ip=127.0.0.2"), 1)
	if err := os.WriteFile(c.file, layout, 0o644); err != nil {
		t.Fatal(err)
	}
	several := runWhileLogging(t, Options{Name: "proxy-1", Layout: c.file}, "msg=started")
	encrypted := runWhileLogging(t, Options{Name: "proxy-1", Layout: c.file, ZeroMQ: zmq.Options{Curve: newKeys(t)}}, "msg=started")
	if strings.Contains(one, warning) || !strings.Contains(several, warning) || strings.Contains(encrypted, warning) {
		t.Errorf("one address:\n%sseveral:\n%sencrypted:\n%s", one, several, encrypted)
	}
}

// runWhileLogging runs a node until its log has the text, and returns the log.
func runWhileLogging(t *testing.T, o Options, text string) string {
	t.Helper()
	var log lockedBuffer
	o.Log, o.Dir = slog.New(slog.NewTextHandler(&log, nil)), t.TempDir()
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	await(t, text, func() bool { return strings.Contains(log.String(), text) })
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return log.String()
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// TestKeysFromEnv: FromEnv takes the keys that Zeek's variables have, and none if
// they have none.
func TestKeysFromEnv(t *testing.T) {
	t.Chdir(newCluster(t, "").dir)
	o, err := FromEnv()
	if err != nil || o.ZeroMQ.Curve != nil {
		t.Errorf("without keys: %v, %v", o.ZeroMQ.Curve, err)
	}
	keys := newKeys(t)
	for _, entry := range keys.Env() {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
	o, err = FromEnv()
	if err != nil || o.ZeroMQ.Curve == nil || strings.Join(o.ZeroMQ.Curve.Env(), " ") != strings.Join(keys.Env(), " ") {
		t.Errorf("got %v, %v", o.ZeroMQ.Curve, err)
	}
	t.Setenv("ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_SERVER_PUBLICKEY", "short")
	if _, err = FromEnv(); err == nil {
		t.Error("took a key that is none")
	}
}
