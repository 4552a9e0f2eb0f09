package zmq

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// fourFrames is a message as Zeek's, with a payload of 100 bytes (spec: zmq4 4).
func fourFrames() Message {
	return Message{
		[]byte("zeek.cluster.worker"), []byte("zeromq_worker-1_host_123_NwrZBf1q3FkxySjt2a"), []byte("broker-bin-v1"),
		make([]byte, 100),
	}
}

// deliver sends n messages, waiting at the high-water mark, and waits until all have arrived.
func deliver(b *testing.B, send func(Message) error, got *atomic.Int64) {
	b.Helper()
	m := fourFrames()
	b.ReportAllocs()
	b.SetBytes(int64(m.wireSize()))
	for b.Loop() {
		for send(m) != nil {
			runtime.Gosched()
		}
	}
	eventually(b, "all messages", func() bool { return got.Load() >= int64(b.N) })
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

func BenchmarkBroker1to1(b *testing.B) {
	broker := startBroker(b, BrokerOptions{})
	var got atomic.Int64
	sub, err := ConnectXSub(broker.XPubEndpoint(), Options{}, XSubHandler{Message: func(Message) { got.Add(1) }})
	check(b, err)
	defer sub.Close()
	check(b, sub.Subscribe("zeek."))
	ready := make(chan struct{})
	pub, err := ConnectXPub(broker.XSubEndpoint(), Options{}, XPubHandler{Subscribed: func([]byte) { close(ready) }})
	check(b, err)
	defer pub.Close()
	<-ready
	deliver(b, pub.Send, &got)
}

func BenchmarkPushPull(b *testing.B) {
	var got atomic.Int64
	pull, err := BindPull("tcp://127.0.0.1:0", Options{}, func(Message) { got.Add(1) })
	check(b, err)
	defer pull.Close()
	push, err := ConnectPush([]string{pull.Endpoint()}, Options{})
	check(b, err)
	defer push.Close()
	deliver(b, push.Send, &got)
}
