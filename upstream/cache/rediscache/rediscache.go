// Package rediscache keeps the cache that instances share in Redis (or Valkey): a single server, one with
// Sentinels, or a Cluster.
//
// What package shared describes is here a few small scripts, a channel and these keys, where {order} is the
// order's name. Each of them expires.
//
//	og1:c:{order}  copy: version, sealed value
//	og1:l:{order}  lease: version, R, sealed needs; for 2 s after a failure: version, F, sealed failure
//	og1:r:{name}   rate: when the next call is due, in microseconds since 1970
//	og1:b:{}name   budget in a window, all in one slot: what was spent; of each writer turn and what it has spent
//	og1:e          channel of events: C or F, name, version, sealed failure if there is one
//
// Versions are microseconds of Redis's clock, 16 digits. Scripts run one by one, so that each of an order's
// leases has a higher one than whatever was there before. Another format gets another prefix.
//
// Redis may be slow, full, read-only, restarted empty or away. Each command has a time of its own, and after
// a few failures in a row nothing is asked until a probe succeeds: only the first callers lose time.
//
// A reader of Redis sees how many orders there are, how large and how often they are asked for. Without an
// encryption key he can also read the orders, and find out whose they are by guessing tokens.
package rediscache

import (
	"context"
	"crypto/tls"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
	"github.com/rs/zerolog"

	"ordergraph/upstream/cache/shared"
)

const (
	prefix  = "og1:"
	channel = prefix + "e"
	// maxValue bounds a stored value, in bytes.
	maxValue = 256 << 10
)

var (
	errURL  = errors.New("want redis://USER:PASSWORD@HOST:PORT/DB, rediss:// for TLS or unix://PATH; ?addr=HOST:PORT adds an address, ?master_set=NAME asks Sentinels")
	errKey  = errors.New("want 32 bytes")
	errAway = errors.New("redis is away")
	// errUnreachable is of a Redis that is not taken into use.
	errUnreachable = errors.New("it can't be reached, written to and listened to")
	errReply       = errors.New("redis answered something else")
)

// Options configure a Cache.
type Options struct {
	// URL says where Redis is. It may hold a password.
	URL string
	// EncryptionKey is 32 bytes that all instances share. Without it whoever reads Redis reads orders.
	EncryptionKey []byte
	// Upstream is the address that the orders come from: those of two upstreams are never mixed up.
	Upstream string
	// Observe is told how long each question took and what became of it; nil is nobody. What it is about is one of
	// Operations. It must not wait.
	Observe func(operation string, took time.Duration, err error)
	// Log is told when the cache comes up and goes away.
	Log zerolog.Logger
}

// Cache is a [shared.Cache] in Redis. [New] makes one; Close ends it.
type Cache struct {
	log     zerolog.Logger
	tenants []byte
	observe func(operation string, took time.Duration, err error)
	watches shared.Watches

	listener   shared.Listener
	background sync.WaitGroup
	// link is the one in use. swapping is held while there may be another one, and until all has ended.
	link      atomic.Pointer[link]
	swapping  sync.Mutex
	ended     context.Context
	stop      context.CancelFunc
	instances atomic.Int64

	mu sync.Mutex
	// candidate is the link that is to be the next one.
	candidate *link
	// epoch counts the subscriptions, failures the commands that failed since the last one that did not.
	epoch      uint64
	subscribed bool
	failures   int
	logged     bool // the state, once at least
	// state is twice the epoch, and 1 more if the cache is up.
	state atomic.Uint64
	// leases are those to be renewed.
	leases map[shared.Name]shared.Version
}

var _ shared.Cache = (*Cache)(nil)

// What is asked of Redis.
const (
	opConfirm  = "confirm" // is a copy the newest
	opAcquire  = "acquire" // a lease, or a copy
	opLook     = "look"    // at a copy and a lease
	opEnd      = "end"     // of a call, with its copy
	opRate     = "rate"    // a part in a rate
	opBudget   = "budget"  // points
	opMaintain = "maintain"
)

// Operations are what Options.Observe is told of.
var Operations = []string{opConfirm, opAcquire, opLook, opEnd, opRate, opBudget, opMaintain}

// CheckURL returns what is wrong with a URL. It shows nothing of it.
func CheckURL(url string) error {
	_, err := clientOption(url)
	return err
}

// New returns a Cache that is not up before Start. It does not connect.
func New(options Options) (*Cache, error) {
	first, err := newLink(options.URL, options.EncryptionKey)
	if err != nil {
		return nil, err
	}
	c := &Cache{
		log: options.Log, observe: options.Observe, tenants: derive(nil, "tenants 2 "+options.Upstream),
		leases: map[shared.Name]shared.Version{},
	}
	c.ended, c.stop = context.WithCancel(context.Background())
	c.link.Store(first)
	c.warnOf(options.EncryptionKey)
	return c, nil
}

func (c *Cache) warnOf(key []byte) {
	if len(key) == 0 {
		c.log.Warn().Msg("there is no encryption key: whoever reads Redis reads orders and can test guesses of tokens")
	}
}

// clientOption reads a URL. No error shows any of it.
func clientOption(url string) (rueidis.ClientOption, error) {
	option, err := rueidis.ParseURL(url)
	if err != nil {
		return option, errURL
	}
	// One connection for commands, so that one that takes back another comes after it. Another is for events.
	option.PipelineMultiplex = -1
	option.AlwaysPipelining = true
	option.DisableRetry = true
	option.DisableCache = true
	option.ReadBufferEachConn, option.WriteBufferEachConn = 64<<10, 64<<10
	// A connection that is silently dead is found by a PING.
	option.Dialer.Timeout, option.Dialer.KeepAlive = 500*time.Millisecond, time.Second
	option.ConnWriteTimeout = time.Second
	option.ClusterOption.ShardsRefreshInterval = 10 * time.Second
	if option.TLSConfig != nil && (len(option.InitAddress) > 1 || option.Sentinel.MasterSet != "") {
		option.TLSConfig = &tls.Config{ // each server by its own name
			MinVersion: tls.VersionTLS12, InsecureSkipVerify: option.TLSConfig.InsecureSkipVerify,
		}
	}
	if option.Sentinel.MasterSet != "" {
		option.Sentinel.Dialer, option.Sentinel.TLSConfig = option.Dialer, option.TLSConfig
		option.Sentinel.Username, option.Sentinel.Password = option.Username, option.Password
		option.Sentinel.TopologyRefreshInterval = 5 * time.Second
	}
	return option, nil
}

// TenantKey returns the key under which the instances hash tenants in their memory: the same for all of them, whatever
// Redis they use. It is no secret. What leaves the process is hidden or sealed under the encryption key.
func (c *Cache) TenantKey() []byte { return c.tenants }

// Start connects in the background, now and whenever the connection is lost.
func (c *Cache) Start(listener shared.Listener) {
	c.listener = listener
	c.start(c.link.Load())
	c.background.Go(func() { c.maintain(c.ended) })
}

// Close ends what is under way in the background, which takes about a second where Redis does not answer.
func (c *Cache) Close() {
	c.stop()
	c.swapping.Lock()
	defer c.swapping.Unlock()
	c.background.Wait()
	c.state.Store(0) // who still asks is told that it is away
}

// State returns the epoch and whether the cache is up.
func (c *Cache) State() (epoch uint64, up bool) {
	state := c.state.Load()
	return state >> 1, state&1 == 1
}

// Name returns a hash of data, which only this process sees: Redis has it encrypted.
func (c *Cache) Name(kind string, data []byte) shared.Name { return nameOf(kind, data) }

// Watch begins a watch.
func (c *Cache) Watch(name shared.Name) *shared.Watch { return c.watches.Watch(name) }
