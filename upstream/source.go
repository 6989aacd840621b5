package upstream

// Source is where the answer about an order came from.
type Source uint8

// The sources of orders. Their answers all came from calls once; what was paid for those is Result.Points.
const (
	SourceCall     Source = iota // a call that the request started itself
	SourceShared                 // a call that another request had started
	SourceMemory                 // a fresh copy
	SourceRedis                  // a copy that another instance has paid for
	SourceStale                  // a copy past its freshness, because a call failed
	SourceRefusal                // none: the upstream had refused before, and was not asked
	SourceFailed                 // none: a call failed, or could not be made
	SourceResponse               // a whole response that was kept
	Sources        = iota        // how many there are
)

var sourceNames = [Sources]string{"call", "shared", "memory", "redis", "stale", "refusal", "failed", "response"}

// String returns the name of the source in metrics and in the log.
func (s Source) String() string { return sourceNames[s] }
