package sandbox

// random is SplitMix64: tiny, and the same numbers for ever, whatever the Go version.
type random struct{ state uint64 }

// newRandom returns the sequence that belongs to an order of a site.
func newRandom(site string, order int64) *random {
	r := &random{uint64(order)}
	if site == siteAlibaba {
		r.state ^= 0xa11baba
	}
	r.next()
	return r
}

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number from 0 to n-1.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

// between returns a number from low to high.
func (r *random) between(low, high int) int { return low + r.below(high-low+1) }

func pick[T any](r *random, values []T) T { return values[r.below(len(values))] }
