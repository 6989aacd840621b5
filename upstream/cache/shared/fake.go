package shared

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

const (
	// fakeLease is how long the lease of an instance lives on that is not connected.
	fakeLease = time.Second
	// fakeTimeout is how long a command is waited for.
	fakeTimeout = 400 * time.Millisecond
)

var errAway = errors.New("shared: the fake is not connected")

// Fake is a shared cache in memory, for tests. It behaves like package rediscache where tests can see it.
type Fake struct {
	// NextVersion returns the version of a lease, which should be no lower than least. Default: the time in
	// microseconds, or least.
	NextVersion func(least Version) Version
	// Delay returns how long an event takes to an instance. Default: no time.
	Delay func() time.Duration
	// Latency returns how long a command takes there, and how long back. One that takes too long fails, and has
	// its effect nevertheless. Default: no time.
	Latency func() (there, back time.Duration)

	mu        sync.Mutex
	orders    map[Name]*fakeOrder
	budgets   map[Name]*kept
	instances []*FakeInstance
}

type fakeOrder struct {
	copied  StoredCopy
	keep    time.Time
	lease   Lease
	holder  *FakeInstance // nil after a failure
	expires time.Time     // zero while the holder is connected
}

// FakeInstance is the Cache of one instance.
type FakeInstance struct {
	fake     *Fake
	watches  Watches
	listener Listener
	up       bool
	epoch    uint64
}

var (
	_ Cache   = (*FakeInstance)(nil)
	_ Budgets = (*FakeInstance)(nil)
)

// Instance adds an instance. It is up when it was started.
func (f *Fake) Instance() *FakeInstance {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := &FakeInstance{fake: f}
	f.instances = append(f.instances, i)
	return i
}

// Flush loses everything that is stored.
func (f *Fake) Flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders, f.budgets = nil, nil
}

// Overwrite replaces what is stored as the value of a copy.
func (f *Fake) Overwrite(name Name, value []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.order(name).copied.Value = value
}

// Stored returns the copy of an order.
func (f *Fake) Stored(name Name) StoredCopy {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.order(name).copied
}

// Leases returns how many leases have not ended.
func (f *Fake) Leases() (count int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.orders {
		if lease := f.order(name).lease; lease.Version > 0 && lease.Failure == nil {
			count++
		}
	}
	return count
}

// order returns what there is of an order, without what has expired. As with all lower case methods, mu is held.
func (f *Fake) order(name Name) *fakeOrder {
	if f.orders == nil {
		f.orders = map[Name]*fakeOrder{}
	}
	order := f.orders[name]
	if order == nil {
		order = &fakeOrder{}
		f.orders[name] = order
	}
	now := time.Now()
	if !now.Before(order.keep) {
		order.copied = StoredCopy{}
	}
	if !order.expires.IsZero() && !now.Before(order.expires) {
		order.lease, order.holder, order.expires = Lease{}, nil, time.Time{}
	}
	return order
}

// tell sends an event to all instances that are connected.
func (f *Fake) tell(event Event, heard func(Listener)) {
	for _, i := range f.instances {
		if !i.up {
			continue
		}
		listener, epoch, delay := i.listener, i.epoch, time.Duration(0)
		if f.Delay != nil {
			delay = f.Delay()
		}
		time.AfterFunc(delay, func() {
			f.mu.Lock()
			lost := !i.up || i.epoch != epoch
			f.mu.Unlock()
			if !lost {
				heard(listener)
				i.watches.Tell(event)
			}
		})
	}
}

// Connect lets the instance be up, in a new epoch; Disconnect ends that, and what it would have been told is lost.
func (i *FakeInstance) Connect() { i.connect(true) }

// Disconnect lets whatever the instance asks fail.
func (i *FakeInstance) Disconnect() { i.connect(false) }

func (i *FakeInstance) connect(up bool) {
	i.fake.mu.Lock()
	defer i.fake.mu.Unlock()
	if i.up == up {
		return
	}
	i.up = up
	if up {
		i.epoch++
	}
	for name := range i.fake.orders {
		if order := i.fake.order(name); order.holder == i {
			order.expires = time.Time{}
			if !up {
				order.expires = time.Now().Add(fakeLease)
			}
		}
	}
}

// Start connects the instance.
func (i *FakeInstance) Start(listener Listener) {
	i.fake.mu.Lock()
	i.listener = listener
	i.fake.mu.Unlock()
	i.Connect()
}

// Close disconnects it.
func (i *FakeInstance) Close() { i.Disconnect() }

func (i *FakeInstance) State() (epoch uint64, up bool) {
	i.fake.mu.Lock()
	defer i.fake.mu.Unlock()
	return i.epoch, i.up
}

func (i *FakeInstance) Name(kind string, data []byte) (name Name) {
	sum := sha256.Sum256(append([]byte(kind+"\x00"), data...))
	copy(name[:], sum[:])
	return name
}

// run runs a command of an instance that is connected until it is answered.
func (i *FakeInstance) run(ctx context.Context, command func()) error {
	var there, back time.Duration
	if i.fake.Latency != nil {
		there, back = i.fake.Latency()
	}
	epoch, up := i.State()
	if !up {
		return errAway
	}
	sleep := func(duration time.Duration) {
		if duration > 0 {
			time.Sleep(duration)
		}
	}
	connected := func() bool { return i.up && i.epoch == epoch }
	sleep(min(there, fakeTimeout))
	i.fake.mu.Lock()
	ran := connected()
	if ran {
		command()
	}
	i.fake.mu.Unlock()
	sleep(min(back, max(0, fakeTimeout-there)))
	i.fake.mu.Lock()
	defer i.fake.mu.Unlock()
	if !ran || !connected() || there+back > fakeTimeout || ctx.Err() != nil {
		return errAway
	}
	return nil
}

func (i *FakeInstance) Confirm(ctx context.Context, name Name, version Version) (newest bool, err error) {
	err = i.run(ctx, func() { newest = i.fake.order(name).copied.Version <= version })
	return newest, err
}

func (i *FakeInstance) Acquire(ctx context.Context, name Name, seen Seen, needs []byte) (acquired Acquired, err error) {
	err = i.run(ctx, func() { acquired = i.acquire(name, seen, needs) })
	if err != nil && acquired.Version != 0 {
		i.fake.mu.Lock()
		defer i.fake.mu.Unlock()
		if order := i.fake.order(name); order.lease.Version == acquired.Version {
			order.lease, order.holder, order.expires = Lease{}, nil, time.Time{}
		}
		return Acquired{}, err
	}
	return acquired, err
}

func (i *FakeInstance) Look(ctx context.Context, name Name) (stored StoredCopy, lease Lease, err error) {
	err = i.run(ctx, func() { order := i.fake.order(name); stored, lease = order.copied, order.lease })
	return stored, lease, err
}

func (i *FakeInstance) acquire(name Name, seen Seen, needs []byte) (acquired Acquired) {
	order := i.fake.order(name)
	if order.copied.Version > seen.Copy {
		acquired.Copy = order.copied
	}
	if order.lease.Version > seen.Lease {
		acquired.Lease = order.lease
	}
	if acquired.Copy.Version == 0 && acquired.Lease.Version == 0 {
		least := max(seen.Copy, order.copied.Version, seen.Lease, order.lease.Version) + 1
		if i.fake.NextVersion == nil {
			acquired.Version = max(Version(time.Now().UnixMicro()), least)
		} else {
			acquired.Version = i.fake.NextVersion(least)
		}
		order.lease, order.holder, order.expires = Lease{Version: acquired.Version, Needs: needs}, i, time.Time{}
	}
	return acquired
}

func (i *FakeInstance) Watch(name Name) *Watch { return i.watches.Watch(name) }

func (i *FakeInstance) Complete(name Name, version Version, value []byte, keep time.Duration, failure []byte) {
	i.end(name, version, func() {
		order := i.fake.order(name)
		if version > order.copied.Version {
			order.copied, order.keep = StoredCopy{Version: version, Value: value}, time.Now().Add(keep)
		}
		order.end(version, failure)
		i.fake.tell(Event{Name: name, Version: version, Completed: true, Failure: failure},
			func(listener Listener) { listener.Completed(name, version) })
	})
}

func (i *FakeInstance) Fail(name Name, version Version, failure []byte) {
	i.end(name, version, func() {
		i.fake.order(name).end(version, failure)
		i.fake.tell(Event{Name: name, Version: version, Failure: failure}, func(listener Listener) {
			if failure != nil {
				listener.Failed(failure)
			}
		})
	})
}

// end runs a command that ends a lease, which is not kept any longer even if it can't be ended.
func (i *FakeInstance) end(name Name, version Version, command func()) {
	if i.run(context.Background(), command) != nil {
		i.fake.mu.Lock()
		defer i.fake.mu.Unlock()
		i.release(name, version)
	}
}

// release lets a lease expire that can't be ended: it is kept no longer.
func (i *FakeInstance) release(name Name, version Version) {
	if order := i.fake.order(name); order.holder == i && order.lease.Version <= version {
		order.holder = nil
		if order.expires.IsZero() {
			order.expires = time.Now().Add(fakeLease)
		}
	}
}

// end ends the lease of a call, unless a later call holds it, and tells for a moment how the call failed.
func (o *fakeOrder) end(version Version, failure []byte) {
	if o.lease.Version > version {
		return
	}
	o.lease, o.holder, o.expires = Lease{}, nil, time.Time{}
	if failure != nil {
		o.lease, o.expires = Lease{Version: version, Failure: failure}, time.Now().Add(2*fakeLease)
	}
}
