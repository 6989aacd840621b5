package rediscache

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
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
	// swapPatience is how long another Redis may take to be in use.
	swapPatience = 2 * time.Second
)

// link is a Redis, and the keys under which everything is kept there.
type link struct {
	option rueidis.ClientOption
	keys   keyring
	stop   context.CancelFunc // once it was started
	// established is closed when the link is in use, if another one was before it.
	established chan struct{}

	mu     sync.RWMutex   // held for reading by whoever uses the client
	client rueidis.Client // nil until there was a connection, and after the end
}

func newLink(url string, key []byte) (*link, error) {
	option, err := clientOption(url)
	if err != nil {
		return nil, err
	}
	keys, err := newKeyring(key, option.Password)
	return &link{option: option, keys: keys, established: make(chan struct{})}, err
}

// use lets the client be used in the time for one command.
func (l *link) use(ctx context.Context, ask func(context.Context, *link) error) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.client == nil {
		return errAway
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return ask(limited, l)
}

// set replaces the client when nobody uses the one before it.
func (l *link) set(client rueidis.Client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil {
		l.client.Close()
	}
	l.client = client
}

// Swap takes to another Redis, or another key, and returns when it is in use: what instances tell each other, leases,
// rates and budgets are there from then on, and copies in memory are confirmed there. What is under way at the old one
// ends first. After an error, which shows nothing of the URL, all is as before.
func (c *Cache) Swap(url string, key []byte) error {
	next, err := newLink(url, key)
	if err != nil {
		return err
	}
	c.swapping.Lock()
	defer c.swapping.Unlock()
	if c.ended.Err() != nil {
		return errAway
	}
	last := c.link.Load()
	next.option.ForceSingleClient = last.option.ForceSingleClient
	client, err := rueidis.NewClient(next.option)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnreachable, err)
	}
	next.set(client)
	if err := next.use(c.ended, probe); err != nil {
		next.set(nil)
		return fmt.Errorf("%w: %w", errUnreachable, err)
	}
	c.mu.Lock()
	c.candidate = next
	c.mu.Unlock()
	c.start(next)
	select {
	case <-next.established:
	case <-c.ended.Done():
	case <-time.After(swapPatience):
	}
	c.mu.Lock()
	unused := c.candidate == next
	c.candidate = nil
	c.mu.Unlock()
	if unused {
		next.stop()
		return errUnreachable
	}
	last.stop()
	c.warnOf(key)
	return nil
}

// listening takes a candidate into use, if the link that is listened to from now on is one, and begins an epoch: both
// at once, for no copy may count as confirmed at another Redis.
func (c *Cache) listening(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l == c.candidate {
		c.candidate, c.failures = nil, 0
		c.link.Store(l)
		defer close(l.established)
	}
	c.change(l, nil, func() { c.subscribed, c.epoch = true, c.epoch+1 })
}

// start connects in the background, and listens until the link is stopped.
func (c *Cache) start(l *link) {
	ctx, cancel := context.WithCancel(c.ended)
	l.stop = cancel
	c.background.Go(func() {
		defer l.set(nil)
		for ; ctx.Err() == nil; pause(ctx, retryEvery) {
			if l.client == nil {
				// It fails where Redis is away, but finds it again by itself once it was there.
				client, err := rueidis.NewClient(l.option)
				if err != nil {
					c.changeState(l, err, func() {})
					continue
				}
				l.set(client)
			}
			c.listen(ctx, l, l.client)
		}
	})
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// listen subscribes to the events and passes them on until the connection is lost. A link that can be written to and
// listened to is taken into use.
func (c *Cache) listen(ctx context.Context, l *link, client rueidis.Client) {
	ctx = rueidis.WithOnSubscriptionHook(ctx, func(subscription rueidis.PubSubSubscription) {
		if subscription.Kind != "subscribe" || ctx.Err() != nil {
			return
		}
		c.listening(l)
	})
	connection, _ := client.Dedicate()
	defer connection.Close() // nobody else wants a connection to which events come
	err := connection.Receive(ctx, connection.B().Subscribe().Channel(channel).Build(), func(message rueidis.PubSubMessage) {
		c.hear(l.keys, message)
	})
	if ctx.Err() == nil {
		c.changeState(l, err, func() { c.subscribed = false })
	}
}

// hear passes an event on.
func (c *Cache) hear(keys keyring, message rueidis.PubSubMessage) {
	event, ok := keys.parseEvent(message.Message)
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
	_ = c.run(ctx, opMaintain, func(ctx context.Context, l *link) (err error) {
		commands := make(rueidis.Commands, len(names))
		for i, name := range names {
			commands[i] = l.client.B().Pexpire().Key(l.keys.leaseKey(name)).Milliseconds(leaseTime.Milliseconds()).Build()
		}
		for _, result := range l.client.DoMulti(ctx, commands...) {
			if failure := result.Error(); failure != nil {
				err = failure
			}
		}
		return err
	})
}

// probe writes: a Redis that can't be written to is as good as away. In a Cluster it asks any of the servers.
func probe(ctx context.Context, l *link) error {
	key := prefix + "p:" + strconv.FormatInt(time.Now().UnixMicro(), 10)
	return l.client.Do(ctx, l.client.B().Set().Key(key).Value("").PxMilliseconds(1).Build()).Error()
}

// count asks all servers, since each knows only who is connected to it.
func (c *Cache) count(ctx context.Context, l *link) error {
	var sum int64
	for _, node := range l.client.Nodes() {
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
func (c *Cache) run(ctx context.Context, operation string, ask func(context.Context, *link) error) error {
	l := c.link.Load()
	began := time.Now()
	err := l.use(ctx, ask)
	if ctx.Err() == nil && !errors.Is(err, errAway) {
		if c.observe != nil {
			c.observe(operation, time.Since(began), err)
		}
		c.changeState(l, err, func() {
			c.failures++
			if err == nil {
				c.failures = 0
			}
		})
	}
	return err
}

// runIfUp is run for what may as well not be asked.
func (c *Cache) runIfUp(ctx context.Context, operation string, ask func(context.Context, *link) error) error {
	if _, up := c.State(); !up {
		return errAway
	}
	return c.run(ctx, operation, ask)
}

// changeState changes what the state depends on, and logs it where it is another one then. What becomes of a link that
// is not in use says nothing.
func (c *Cache) changeState(l *link, err error, change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.change(l, err, change)
}

// change is changeState where the mutex is held.
func (c *Cache) change(l *link, err error, change func()) {
	if l != c.link.Load() {
		return
	}
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
