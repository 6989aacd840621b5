package upstream

// Version numbers the copies of an order: the answer to what was asked later has a higher one. 0 is no copy.
type Version uint64

// Copy names one copy of an order among all that a cache ever had.
type Copy struct {
	Key     Key
	Version Version
	// Points is what the call cost that brought it.
	Points int
}
