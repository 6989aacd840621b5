package rediscache

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

const (
	// timeout bounds each command, as its caller sees it.
	timeout = 400 * time.Millisecond
	// maxFailures in a row let Redis count as away.
	maxFailures = 3
	// retryEvery passes between two attempts to connect or to subscribe.
	retryEvery = 200 * time.Millisecond
	// leaseTime is how long a lease outlives its instance, maintainEvery how often it is renewed.
	leaseTime     = time.Second
	maintainEvery = 300 * time.Millisecond
	countEvery    = time.Minute
)

// connect connects, and listens for as long as ctx allows.
func (c *Cache) connect(ctx context.Context) {
	for ; ctx.Err() == nil; pause(ctx, retryEvery) {
		// It fails where Redis is away, but finds it again by itself once it was there.
		client, err := rueidis.NewClient(c.option)
		if err != nil {
			c.changeState(err, func() {})
			continue
		}
		c.client.Store(&client)
		for ; ctx.Err() == nil; pause(ctx, retryEvery) {
			c.listen(ctx, client)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// listen subscribes to the events and passes them on until the connection is lost.
func (c *Cache) listen(ctx context.Context, client rueidis.Client) {
	ctx = rueidis.WithOnSubscriptionHook(ctx, func(subscription rueidis.PubSubSubscription) {
		if subscription.Kind == "subscribe" {
			c.changeState(nil, func() { c.subscribed, c.epoch = true, c.epoch+1 })
		}
	})
	connection, _ := client.Dedicate()
	defer connection.Close() // nobody else wants a connection to which events come
	err := connection.Receive(ctx, connection.B().Subscribe().Channel(channel).Build(), c.hear)
	if ctx.Err() == nil {
		c.changeState(err, func() { c.subscribed = false })
	}
}

// hear passes an event on.
func (c *Cache) hear(message rueidis.PubSubMessage) {
	event, ok := c.keys.parseEvent(message.Message)
	switch {
	case !ok:
		return
	case event.Completed:
		c.listener.Completed(event.Name, event.Version)
	case event.Failure != nil:
		c.listener.Failed(event.Failure)
	}
	c.watches.Tell(event)
}

// maintain renews leases, looks whether Redis is back, and counts the instances.
func (c *Cache) maintain(ctx context.Context) {
	ticker := time.NewTicker(maintainEvery)
	defer ticker.Stop()
	var counted time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		c.renew(ctx)
		switch _, up := c.State(); {
		case !up:
			_ = c.run(ctx, opMaintain, probe)
		case time.Since(counted) > countEvery:
			counted = time.Now()
			_ = c.run(ctx, opMaintain, c.count)
		}
	}
}

// renew prolongs the leases. One that was taken over meanwhile is prolonged too, which does no harm.
func (c *Cache) renew(ctx context.Context) {
	c.mu.Lock()
	names := slices.Collect(maps.Keys(c.leases))
	c.mu.Unlock()
	if len(names) == 0 {
		return
	}
	_ = c.run(ctx, opMaintain, func(ctx context.Context, client rueidis.Client) (err error) {
		commands := make(rueidis.Commands, len(names))
		for i, name := range names {
			commands[i] = client.B().Pexpire().Key(leaseKey(name)).Milliseconds(leaseTime.Milliseconds()).Build()
		}
		for _, result := range client.DoMulti(ctx, commands...) {
			if failure := result.Error(); failure != nil {
				err = failure
			}
		}
		return err
	})
}

// probe writes: a Redis that can't be written to is as good as away. In a Cluster it asks any of the servers.
func probe(ctx context.Context, client rueidis.Client) error {
	key := prefix + "p:" + strconv.FormatInt(time.Now().UnixMicro(), 10)
	return client.Do(ctx, client.B().Set().Key(key).Value("").PxMilliseconds(1).Build()).Error()
}

// count asks all servers, since each knows only who is connected to it.
func (c *Cache) count(ctx context.Context, client rueidis.Client) error {
	var sum int64
	for _, node := range client.Nodes() {
		counts, err := node.Do(ctx, node.B().PubsubNumsub().Channel(channel).Build()).AsIntMap()
		if err != nil {
			return err
		}
		sum += counts[channel]
	}
	c.instances.Store(sum)
	return nil
}

// run lets something be asked of Redis in the time for one command, and draws conclusions from how it went.
// That a caller gave up says nothing.
func (c *Cache) run(ctx context.Context, operation string, ask func(context.Context, rueidis.Client) error) error {
	client := c.client.Load()
	if client == nil {
		return errAway
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := time.Now()
	err := ask(limited, *client)
	if ctx.Err() == nil {
		if c.observe != nil {
			c.observe(operation, time.Since(began), err)
		}
		c.changeState(err, func() {
			c.failures++
			if err == nil {
				c.failures = 0
			}
		})
	}
	return err
}

// runIfUp is run for what may as well not be asked.
func (c *Cache) runIfUp(ctx context.Context, operation string, ask func(context.Context, rueidis.Client) error) error {
	if _, up := c.State(); !up {
		return errAway
	}
	return c.run(ctx, operation, ask)
}

// changeState changes what the state depends on, and logs it where it is another one then.
func (c *Cache) changeState(err error, change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	state := 2 * c.epoch
	up := c.subscribed && c.failures < maxFailures
	if up {
		state++
	}
	wasUp := c.state.Swap(state)&1 == 1
	switch {
	case up == wasUp && c.logged:
		return
	case up:
		c.log.Info().Msg("the shared cache is up")
	default:
		c.log.Warn().Err(err).Msg("the shared cache is away: each instance pays for itself")
	}
	c.logged = true
}
