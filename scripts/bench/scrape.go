package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/event"
)

// What a scrape may take, and its effect on the latency of messages: none that can be
// told from the difference between two runs.
const (
	scrapeLimit   = 5 * time.Millisecond
	latencyEffect = 1.1
)

// How messages are measured while somebody scrapes: every second, where Prometheus does it
// every 15 seconds or less often.
const (
	scrapeEvery    = time.Second
	scrapeMessages = 5000
	scrapePause    = 300 * time.Microsecond
)

// scraped is a cluster that is scraped: 25 nodes, the broker in the manager.
type scraped struct {
	manager, supervisor string // URLs
	pings               *pings
	client              http.Client

	node, alone, all, nothing sample // GET /metrics: of the manager, of the supervisor, the same with nodes; GET /healthz
	quiet, during             figures
	quietSlow, duringSlow     figures
	bytesOfNode, bytesOfHost  int
}

func scrapeSection(ctx context.Context, w *workbench) ([]row, error) {
	s, err := w.site()
	if err != nil {
		return nil, err
	}
	port, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	const others = 3 // manager, logger, proxy
	metrics := fmt.Sprintf("[metrics]\nlisten = \"127.0.0.1:%d\"\nnodes = true\n", port)
	if err := s.writeConfig(statusNodes, fmt.Sprintf("[workers]\ncount = %d\n", statusNodes-others), metrics); err != nil {
		return nil, err
	}
	if _, err := (zctl{bench: w}).call(ctx, s, "deploy"); err != nil {
		return nil, err
	}
	config, err := layoutgen.Load(s.path(configFile))
	if err != nil {
		return nil, err
	}
	layout := config.Layout()
	r := &scraped{
		manager: fmt.Sprintf("http://127.0.0.1:%d", layout.Nodes[0].MetricsPort), supervisor: fmt.Sprintf("http://127.0.0.1:%d", port),
		quiet: figures{unit: "µs"}, during: figures{unit: "µs"}, quietSlow: figures{unit: "µs"}, duringSlow: figures{unit: "µs"},
	}
	if r.pings, err = newPings(ctx, layout.Backend); err != nil {
		return nil, err
	}
	defer r.pings.close()
	node, err := r.get(ctx, r.manager+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	host, err := r.get(ctx, r.supervisor+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	if n := strings.Count(host, "\nzctl_peers{"); n != statusNodes {
		return nil, fmt.Errorf("the supervisor serves what %d of %d nodes do", n, statusNodes)
	}
	r.bytesOfNode, r.bytesOfHost = len(node), len(host)
	const usual = 10
	if err := takeTurns(w.roundsOr(usual), []func() error{
		func() error { return r.times(ctx) },
		func() error { return r.latency(ctx, &r.quiet, &r.quietSlow) },
		func() error {
			stop := r.keepScraping(ctx)
			return errors.Join(r.latency(ctx, &r.during, &r.duringSlow), stop())
		},
	}); err != nil {
		return nil, err
	}
	// Without what the nodes serve: the same cluster, deployed again.
	text, err := os.ReadFile(s.path(configFile))
	if err == nil {
		err = os.WriteFile(s.path(configFile), []byte(strings.Replace(string(text), "nodes = true", "nodes = false", 1)), 0o644)
	}
	if err != nil {
		return nil, err
	}
	if _, err := (zctl{bench: w}).call(ctx, s, "deploy"); err != nil {
		return nil, err
	}
	for range w.roundsOr(usual) * timesARound {
		if _, err := r.get(ctx, r.supervisor+"/metrics", &r.alone); err != nil {
			return nil, err
		}
	}
	return r.rows(), nil
}

func (r *scraped) rows() []row {
	const bare = "GET /healthz of it"
	return []row{
		atMost(scrapeLimit, fmt.Sprintf("GET /metrics of the manager, %d kB, ms", r.bytesOfNode/1000), r.node, bare, r.nothing),
		compare(fmt.Sprintf("of the supervisor of %d nodes, ms", statusNodes), r.alone, bare, r.nothing),
		compare(fmt.Sprintf("the same with what the nodes serve, %d kB", r.bytesOfHost/1000), r.all, bare, r.nothing),
		atMostTimes(latencyEffect, "latency of an event while the manager is scraped: median", r.during, "while it is not", r.quiet),
		atMostTimes(latencyEffect, "the same: 99th percentile", r.duringSlow, "while it is not", r.quietSlow),
	}
}

// timesARound is how often each is scraped in a round.
const timesARound = 20

func (r *scraped) times(ctx context.Context) error {
	for range timesARound {
		for _, one := range []struct {
			url  string
			took *sample
		}{{r.manager + "/metrics", &r.node}, {r.manager + "/healthz", &r.nothing}, {r.supervisor + "/metrics", &r.all}} {
			if _, err := r.get(ctx, one.url, one.took); err != nil {
				return err
			}
		}
	}
	return nil
}

// get is what is served there; it notes how long it took to have it.
func (r *scraped) get(ctx context.Context, url string, took *sample) (string, error) {
	begin := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := r.client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, answer.Status)
	}
	if took != nil {
		*took = append(*took, time.Since(begin))
	}
	return string(text), err
}

// keepScraping scrapes the manager until stop is called.
func (r *scraped) keepScraping(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	var failed error
	var all sync.WaitGroup
	all.Go(func() {
		for every := time.NewTicker(scrapeEvery); ; {
			select {
			case <-every.C:
				if _, err := r.get(ctx, r.manager+"/metrics", nil); err != nil && ctx.Err() == nil {
					failed = err
				}
			case <-ctx.Done():
				every.Stop()
				return
			}
		}
	})
	return func() error { cancel(); all.Wait(); return failed }
}

// latency measures events one after the other, and notes the median and the 99th
// percentile.
func (r *scraped) latency(ctx context.Context, median, slow *figures) error {
	var all []float64
	for range scrapeMessages {
		took, err := r.pings.one(ctx)
		if err != nil {
			return err
		}
		all = append(all, float64(took.Nanoseconds())/1e3)
		time.Sleep(scrapePause)
	}
	slices.Sort(all)
	median.add(all[len(all)/2])
	slow.add(all[len(all)*99/100])
	return nil
}

// pings are events from one client of a cluster's bus to another one.
type pings struct {
	from    *nodes.Node
	arrived chan time.Time
	stop    context.CancelFunc
	running sync.WaitGroup
}

const (
	pingTopic = "zctl.bench.ping"
	pingEvent = "Bench::ping"
)

func newPings(ctx context.Context, bus layoutgen.Backend) (*pings, error) {
	p := &pings{arrived: make(chan time.Time, 1)}
	to, err := nodes.NewClient(bus, nodes.Options{Name: "bench-to"})
	if err != nil {
		return nil, err
	}
	if p.from, err = nodes.NewClient(bus, nodes.Options{Name: "bench-from"}); err != nil {
		return nil, err
	}
	if err := nodes.Handle(to, pingEvent, func(context.Context, event.Event) { p.arrived <- time.Now() }); err != nil {
		return nil, err
	}
	if err := to.Subscribe(pingTopic); err != nil {
		return nil, err
	}
	run, cancel := context.WithCancel(ctx)
	p.stop = cancel
	for _, n := range []*nodes.Node{to, p.from} {
		p.running.Go(func() { n.Run(run) })
		if err := n.WaitReady(ctx); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, p.reach(ctx)
}

// reach waits until the first event arrives: subscriptions take their time.
func (p *pings) reach(ctx context.Context) error {
	for range 100 {
		if err := p.from.Publish(ctx, pingTopic, pingEvent, uint64(0)); err != nil {
			return err
		}
		select {
		case <-p.arrived:
			return sleep(ctx, time.Second) // for those that were sent, too
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("no event arrives")
}

// one is how long an event takes to its handler.
func (p *pings) one(ctx context.Context) (time.Duration, error) {
	for len(p.arrived) > 0 { // of reach
		<-p.arrived
	}
	begin := time.Now()
	if err := p.from.Publish(ctx, pingTopic, pingEvent, uint64(begin.UnixNano())); err != nil {
		return 0, err
	}
	select {
	case at := <-p.arrived:
		return at.Sub(begin), nil
	case <-time.After(10 * time.Second):
		return 0, errors.New("an event did not arrive")
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (p *pings) close() {
	p.stop()
	p.running.Wait()
}
