// Package shared describes a cache that several instances of the program share, so that an order that one of
// them paid for is not paid for by the others.
//
// An instance that needs an order first looks into its own memory and joins its own calls; of what is left it
// asks the shared cache. Of all instances that need an order at the same moment one leads: it holds the lease,
// makes the call and stores the copy. The others follow: they wait for the lease's end.
//
//	copy in memory, of an earlier epoch ──> Confirm ── newest: answer with it
//	                                           │
//	            ┌──────────────────────────────┘
//	            v
//	nothing ──> Acquire ──> Version                 leads: call the upstream, then Complete or Fail
//	            ^    │
//	            │    ├────> Copy that serves        answer with it
//	            │    ├────> Copy that does not      seen; if it is fresh, its parts are needed too
//	            │    │
//	            │    ├────> Lease that brings all   Watch.Wait ──> a failure: answer with it
//	            │    │                                  │
//	            │    └────> Lease that does not     seen; its parts are needed too
//	            └───────────────┴───────────────────────┘
//
// Acquire is a compare-and-set: it grants the lease if there is nothing that the caller has not seen, and shows
// that to it otherwise. Whether a copy or a lease is good enough is judged here, by the instance. A lease that
// is not is taken over by one that says all that both need, so that the newest is always the widest; the call
// of the older one goes on, and answers those who wait for it. A request that takes no copies has seen whatever
// it is shown. A call that had to wait before its request was written acquires once more, taking over whatever has
// come in the meantime: what was asked last is newest. Only then may a newer lease be narrower than an older one.
//
// Everything has a version, by the clock of the shared cache: that of an order's later lease is higher, and its
// copy replaces every copy with a lower one, here and in the memory of all instances, which are told (Listener).
// An instance that may not have been told, because it was not connected, is in a new epoch: it asks about each
// copy of an earlier one before it serves it again (Confirm).
//
// No answer depends on the shared cache. Whatever fails, also its time, means to go on as if there were none:
// then each instance pays for itself. A lease ends by itself soon after its instance did.
package shared

import (
	"context"
	"time"
)

// Version numbers the copies and the leases of an order. 0 is none.
type Version uint64

// Name names one order of one tenant, and tells nobody which.
type Name [16]byte

// Cache is what one instance uses of a shared cache. It is safe for concurrent use. Needs, values and failures
// are bytes to it.
type Cache interface {
	// Start lets the cache be up when it can be, and tells listener what other instances do. It is called once,
	// when the listener is complete, and does not wait.
	Start(listener Listener)
	// Close ends what Start began. Nothing but State may be called after it.
	Close()

	// State returns the current epoch and whether the cache is up: whether it is any use to ask it now. It
	// takes no time. The epoch of a copy is the one before it was asked for: what is told to nobody while it is
	// under way would go unnoticed otherwise.
	State() (epoch uint64, up bool)
	// Name returns the name of what data identifies. kind keeps the names of one kind apart from others.
	Name(kind string, data []byte) Name

	// Confirm reports whether there is no copy with a later version. It reports true where there is no copy.
	Confirm(ctx context.Context, name Name, version Version) (newest bool, err error)
	// Acquire grants the lease of an order for a call that asks for needs, or shows what has not been seen.
	// Who is granted a lease keeps it until it calls Complete or Fail, which it must.
	Acquire(ctx context.Context, name Name, seen Seen, needs []byte) (Acquired, error)
	// Look shows the copy and the latest lease of an order, and grants nothing.
	Look(ctx context.Context, name Name) (StoredCopy, Lease, error)
	// Watch lets a lease be waited for that Acquire will show: what happens in between is not missed.
	Watch(name Name) *Watch
	// Complete says that the call with this version was answered, and so every copy with a lower one is out of
	// date. Its value is stored with the version for the time to keep it, unless there is a higher one. A nil
	// value is stored as well, so that nobody has an older copy confirmed, and shown as one that can't be read.
	// It ends the lease, unless that has a higher version. Those who wait get the failure, if there is one, and
	// nothing else. It takes a moment, also where it fails.
	Complete(name Name, version Version, value []byte, keep time.Duration, failure []byte)
	// Fail says that the call with this version was not answered, or was not made. Those who wait get the
	// failure, and so does every listener. Without one they acquire again.
	Fail(name Name, version Version, failure []byte)
}

// Listener is told what happens to orders, by this instance and others. Its methods must not block. They may
// miss what happens around a change of the epoch.
type Listener interface {
	// Completed says that a call was answered: copies of lower versions are out of date.
	Completed(name Name, version Version)
	// Failed says how a call failed.
	Failed(failure []byte)
}

// Seen is what a caller of Acquire knows already, and will not be shown.
type Seen struct {
	// Copy is the highest version of the copies that it has, or was shown and could not use.
	Copy Version
	// Lease is the highest version of the leases that it was shown, or held.
	Lease Version
}

// Acquired is what Acquire grants, or else shows.
type Acquired struct {
	// Version is that of the lease that was granted, and of the copy that the call will bring. 0 is none.
	Version Version
	// Copy is the copy, Lease the latest lease. Their Version is 0 where there is none that was not seen.
	Copy  StoredCopy
	Lease Lease
}

// StoredCopy is a copy as it is stored.
type StoredCopy struct {
	Version Version
	// Value is nil where it can't be read.
	Value []byte
}

// Lease is held for a call, or tells for a moment how it failed.
type Lease struct {
	Version Version
	// Needs is what the call asks for. It is nil where it can't be read, and after a failure.
	Needs []byte
	// Failure is how the call failed. It answers those who waited for this lease, and no others.
	Failure []byte
}
