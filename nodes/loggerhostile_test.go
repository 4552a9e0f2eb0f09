package nodes_test

import (
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"zctl/nodes/logwire"
	"zctl/nodes/zmq"
)

// TestMalformedAmongGood: a sender whose every other batch is broken gets its good ones
// written, harms nobody else, and is reported once.
func TestMalformedAmongGood(t *testing.T) {
	t.Parallel()
	r := newCrashRig(t, 1)
	end := r.logger("logger-1")
	load := r.goLoad()
	r.until("the logger", func() bool { return r.look(true).total(goSender) > 0 })
	endpoint := r.layout.LogEndpoints()[0]
	push, err := zmq.ConnectPush([]string{endpoint}, zmq.Options{Linger: within})
	if err != nil {
		t.Fatal(err)
	}
	send := func(frames ...[]byte) {
		for end := time.Now().Add(within); push.Send(frames) != nil; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("a message is not taken")
			}
		}
	}
	const good = 300
	topic, id, format := []byte(logwire.Topic), []byte("zeromq_mixed_host_1_Nabc"), []byte(logwire.Format)
	for n := range good {
		batch := checkedBatch("mixed", uint64(n))
		send(topic, id, format, batch)
		for _, broken := range breakBatch(batch, n) {
			send(topic, id, format, broken)
		}
		send(topic, id, format)
		send(topic, id, []byte("other"), batch)
		if n%50 == 0 {
			garbage(t, strings.TrimPrefix(endpoint, "tcp://"))
		}
	}
	if err := push.Close(); err != nil {
		t.Error(err)
	}
	r.until("the good batches", func() bool { return r.look(true).total("mixed") == good })
	written := load.end()
	end(syscall.SIGTERM)
	files := r.look(false)
	files.once(t, goSender, written)
	files.once(t, "mixed", good)
	if len(files) != 2 {
		t.Errorf("the files have records of %d senders", len(files))
	}
	if n := strings.Count(r.said(), "dropped a log batch"); n != 1 {
		t.Errorf("reported %d times:\n%s", n, r.said())
	}
}

// checkedBatch is a batch of one record.
func checkedBatch(who string, n uint64) []byte {
	record := newChecked(who, n)
	b := logwire.NewBatch(checkedHeader)
	b.AppendString(record.Who)
	b.AppendCount(record.N)
	b.AppendString(record.Check)
	b.EndRecord()
	return b.Payload()
}

// breakBatch is batches that are broken, in ways that differ with n.
func breakBatch(batch []byte, n int) [][]byte {
	records := len(checkedHeaderBytes())
	count := func(n uint32) []byte {
		b := slices.Clone(batch)
		binary.BigEndian.PutUint32(b[records:], n)
		return b
	}
	kind := slices.Clone(batch)
	binary.BigEndian.PutUint32(kind[records+4:], 13+uint32(n%2)*100) // a type that logs cannot have
	long := slices.Clone(batch)
	binary.BigEndian.PutUint32(long[records+4+9:], 1<<31-uint32(n))
	return [][]byte{{}, batch[:n%len(batch)], batch[:len(batch)-1-n%20], append(slices.Clone(batch), 0), count(0), count(2), count(1 << 31), kind, long}
}

// garbage connects and speaks no ZMTP.
func garbage(t *testing.T, address string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte(strings.Repeat("GET / HTTP/1.1\r\n", 10)))
}
