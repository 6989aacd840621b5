package shared

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// fakeLease is how long the lease of an instance lives on that is not connected.
const fakeLease = time.Second

var errAway = errors.New("shared: the fake is not connected")

// Fake is a shared cache in memory, for tests. It behaves like package rediscache where tests can see it.
type Fake struct {
	// NextVersion returns the version of a lease, which should be no lower than least. Default: the time in
	// microseconds, or least.
	NextVersion func(least Version) Version
	// Delay returns how long an event takes to an instance. Default: no time.
	Delay func() time.Duration

	mu        sync.Mutex
	orders    map[Name]*fakeOrder
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

var _ Cache = (*FakeInstance)(nil)

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
	f.orders = nil
}

// Overwrite replaces what is stored as the value of a copy.
func (f *Fake) Overwrite(name Name, value []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.order(name).copied.Value = value
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

func (i *FakeInstance) Confirm(_ context.Context, name Name, version Version) (newest bool, err error) {
	i.fake.mu.Lock()
	defer i.fake.mu.Unlock()
	if !i.up {
		return false, errAway
	}
	return i.fake.order(name).copied.Version <= version, nil
}

func (i *FakeInstance) Acquire(_ context.Context, name Name, seen Seen, needs []byte) (acquired Acquired, err error) {
	i.fake.mu.Lock()
	defer i.fake.mu.Unlock()
	if !i.up {
		return acquired, errAway
	}
	order := i.fake.order(name)
	if order.copied.Version > seen.Copy {
		acquired.Copy = order.copied
	}
	if order.lease.Version > seen.Lease {
		acquired.Lease = order.lease
	}
	if acquired.Copy.Version == 0 && acquired.Lease.Version == 0 {
		least := max(seen.Copy, order.copied.Version, order.lease.Version) + 1
		if i.fake.NextVersion == nil {
			acquired.Version = max(Version(time.Now().UnixMicro()), least)
		} else {
			acquired.Version = i.fake.NextVersion(least)
		}
		order.lease, order.holder, order.expires = Lease{Version: acquired.Version, Needs: needs}, i, time.Time{}
	}
	return acquired, nil
}

func (i *FakeInstance) Watch(name Name) *Watch { return i.watches.Watch(name) }

func (i *FakeInstance) Complete(name Name, version Version, value []byte, keep time.Duration, failure []byte) {
	i.fake.mu.Lock()
	defer i.fake.mu.Unlock()
	if !i.up {
		i.release(name)
		return
	}
	order := i.fake.order(name)
	if version > order.copied.Version {
		order.copied, order.keep = StoredCopy{Version: version, Value: value}, time.Now().Add(keep)
	}
	order.end(version, failure)
	i.fake.tell(Event{Name: name, Version: version, Completed: true, Failure: failure},
		func(listener Listener) { listener.Completed(name, version) })
}

func (i *FakeInstance) Fail(name Name, version Version, failure []byte) {
	i.fake.mu.Lock()
	defer i.fake.mu.Unlock()
	if !i.up {
		i.release(name)
		return
	}
	i.fake.order(name).end(version, failure)
	i.fake.tell(Event{Name: name, Version: version, Failure: failure}, func(listener Listener) {
		if failure != nil {
			listener.Failed(failure)
		}
	})
}

// release lets a lease expire that can't be ended: it is kept no longer.
func (i *FakeInstance) release(name Name) {
	if order := i.fake.order(name); order.holder == i {
		order.holder = nil
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
