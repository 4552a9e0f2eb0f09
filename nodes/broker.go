package nodes

import (
	"context"
	"log/slog"
	"os"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/zmq"
)

// BrokerFromEnv is the options of the central broker in a process of its own:
// where the cluster-backend.zeek says that it listens, which is found as
// [FindLayout] finds a layout, and what [FromEnv] takes from the environment. It
// says on stderr what happens to it. Endpoints that are not "" are taken instead
// of those in the file; with both of them none is needed.
func BrokerFromEnv(listenXPub, listenXSub string) (o zmq.BrokerOptions, err error) {
	if o.Options, err = socketsFromEnv(); err != nil {
		return o, err
	}
	o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	o.ListenXPub, o.ListenXSub = listenXPub, listenXSub
	if listenXPub != "" && listenXSub != "" {
		return o, o.Check()
	}
	file, err := find(layoutgen.BackendFile, "write one with zctl layout --backend, or say where to listen")
	if err != nil {
		return o, err
	}
	backend, err := layoutgen.ReadBackend(file)
	if err != nil {
		return o, err
	}
	o.Options = socketOptions(o.Options, backend.Options).broker
	if listenXPub == "" {
		o.ListenXPub = backend.ListenXPub
	}
	if listenXSub == "" {
		o.ListenXSub = backend.ListenXSub
	}
	return o, o.Check()
}

// RunBroker runs the central broker of a cluster whose manager does not until ctx
// ends, and then sends what is queued for its subscribers. Under a supervisor that
// sets NOTIFY_SOCKET it tells that it is ready as soon as it listens. o.Log must
// be set.
func RunBroker(ctx context.Context, o zmq.BrokerOptions) error {
	report := newReporter(o.Log)
	defer report.close()
	broker, err := zmq.ListenBroker(o)
	if err != nil {
		return err
	}
	o.Log.Info("ready", "xpub", broker.XPubEndpoint(), "xsub", broker.XSubEndpoint())
	report.say("STATUS=", "READY=1")
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-second.C:
			report.send() // to a supervisor that came later
		case <-ctx.Done():
			o.Log.Info("stopping")
			return broker.Close()
		}
	}
}
