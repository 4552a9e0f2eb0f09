package cluster

import (
	"context"
	"fmt"
)

// GiveUp makes Run, when its ctx has ended, leave the bus and return an error that names
// the event whose handler is under way, if there is one: it is not waited for any longer.
// Its goroutine goes on until it returns, or the process ends.
func (c *Cluster) GiveUp() { c.giveUp() }

// handle calls handlers until ctx ends and they have returned, or somebody gives up.
func (c *Cluster) handle(ctx, closing context.Context) error {
	closing, cancel := context.WithCancel(closing)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.queue.run(ctx, closing, func(r Received) { c.dispatch(closing, r) })
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-done:
		return nil
	case <-c.gaveUp.Done():
	}
	cancel() // no other handler is called
	if r := c.handlers.busy.Load(); r != nil {
		return fmt.Errorf("cannot end in good order: a handler of %s does not return; have it end with its context", r.Event.Name)
	}
	<-done
	return nil
}
