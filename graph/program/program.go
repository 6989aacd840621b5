// Package program is the program as a whole: settings and commands (config.go, commands.go), the wiring of its
// parts, running and draining.
package program

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/alecthomas/kong"
	"github.com/coreos/go-systemd/v22/daemon"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/rs/zerolog"

	"ordergraph/graph"
	"ordergraph/graph/httpserver"
	"ordergraph/graph/jsonlog"
	"ordergraph/graph/limits"
	"ordergraph/graph/telemetry"
	"ordergraph/graph/transport"
	"ordergraph/upstream/cache"
	"ordergraph/upstream/cache/rediscache"
	"ordergraph/upstream/client"
	"ordergraph/upstream/sandbox"
)

// schema is the text of schema.graphqls, which is embedded beside it.
var schema string

// commandLine is what the program understands. A command has a method Run.
type commandLine struct {
	Config      config           `embed:""`
	Version     kong.VersionFlag `env:"-" help:"Print the version and exit."`
	PrintConfig bool             `env:"-" help:"Print each setting with its value and where that came from (flag, env, file or default), and exit; 1 with one line if the server would not start with them."`

	Serve       serveCommand              `cmd:"" default:"1" help:"Serve GraphQL; this is what happens without a command."`
	Query       queryCommand              `cmd:"" help:"Answer a query, here or by a running server, and show what it cost."`
	Sandbox     sandboxCommand            `cmd:"" help:"Serve the emulated upstream alone, at --listen."`
	Healthcheck healthcheckCommand        `cmd:"" help:"Ask a running server whether it is ready: exit code 0, or 1."`
	Schema      schemaCommand             `cmd:"" help:"Print the schema for clients and exit."`
	RestFields  restFieldsCommand         `cmd:"" name:"rest-fields" help:"Print where the fields of the REST interface are in the schema, and exit."`
	VersionOf   versionCommand            `cmd:"" name:"version" help:"Print the version, the revision and that of Go, and exit."`
	Completion  kongcompletion.Completion `cmd:"" help:"Say how a shell completes commands and flags."`
}

// Main is the program: it does what the command line says, with the text of the schema, and exits.
func Main(sdl string) {
	schema = sdl
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	if err := command(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		output := jsonlog.NewQueue(os.Stderr, func(io.Writer, int) {})
		fmt.Fprintln(output, "ordergraph:", err)
		// There is nowhere else to say that nobody reads it.
		_ = output.Close(logPatience)
		if exit, ok := errors.AsType[exitError](err); ok {
			os.Exit(exit.code)
		}
		os.Exit(1)
	}
}

// command does what the command line says. Every error is one line, however long the value that it repeats.
func command(ctx context.Context, arguments []string, stdout, stderr io.Writer) (err error) {
	defer func() { err = oneLine(err) }()
	var line commandLine
	chosen, err := line.parse(arguments, stdout, stderr)
	if chosen == nil || err != nil {
		return err
	}
	if line.PrintConfig {
		return line.printConfig(chosen, stdout)
	}
	chosen.BindTo(ctx, (*context.Context)(nil))
	return chosen.Run(&line.Config)
}

// oneLine shortens an error to one line.
func oneLine(err error) error {
	if err == nil {
		return nil
	}
	shortened := fmt.Errorf("%.1000s", strings.Map(blankControl, err.Error()))
	if exit, ok := errors.AsType[exitError](err); ok {
		return exitError{shortened, exit.code}
	}
	return shortened
}

func blankControl(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// parse reads flags and environment. It returns nil where that has answered them, as it does --help.
func (line *commandLine) parse(arguments []string, stdout, stderr io.Writer) (*kong.Context, error) {
	parser, err := newParser(line, stdout, stderr)
	if err != nil {
		return nil, err
	}
	answered := false
	parser.Exit = func(int) { answered = true }
	if kongcompletion.Register(parser); answered {
		return nil, nil
	}
	chosen, err := parser.Parse(arguments)
	if answered {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := checkVariables(parser.Model.Flags); err != nil {
		return nil, err
	}
	if err := checkSecretFiles(chosen); err != nil {
		return nil, err
	}
	line.Config.reread = func() (*config, error) {
		var again commandLine
		_, err := again.parse(arguments, io.Discard, io.Discard)
		return &again.Config, err
	}
	line.Config.hash = settingsHash(chosen)
	return chosen, line.Config.check()
}

// schemaCommand prints the schema.
type schemaCommand struct {
	Subgraph bool `help:"Print the schema for routers and composition instead."`
}

// Run does it.
func (s schemaCommand) Run(program *kong.Kong) error {
	text := schema
	if !s.Subgraph {
		var err error
		if text, err = graph.APISchema(schema); err != nil {
			return err
		}
	}
	_, err := io.WriteString(program.Stdout, text)
	return err
}

// serveCommand serves until the process is told to end.
type serveCommand struct{}

// Run does it.
func (serveCommand) Run(ctx context.Context, c *config, program *kong.Kong) error {
	limitMemory(c.Cache.Size+c.Cache.ResponseSize, memlimit.FromCgroup)
	output := openLog(c, program.Stderr)
	err := run(ctx, c, newLogger(c, output))
	// A reader that takes no lines has lost them, and nothing else.
	_ = output.Close(logPatience)
	return err
}

// run serves until ctx ends, and then drains: no new requests are asked for, those under way finish.
func run(ctx context.Context, c *config, logger zerolog.Logger) error {
	return withService(ctx, c, logger, func(s *service) error {
		logger := s.log
		defer reloadOnHangup(ctx, c, s, logger)()
		remembering, forget := context.WithCancel(ctx)
		var history sync.WaitGroup
		history.Go(func() { s.metrics.RunHistory(remembering) })
		defer history.Wait()
		defer forget()
		return serve(ctx, c, s)
	})
}

// service is what answers queries.
type service struct {
	upstream string         // the address of the upstream, or of the sandbox
	log      zerolog.Logger // whose lines are counted
	handler  *graph.Handler
	health   *graph.Health
	metrics  *telemetry.Telemetry
	endpoint *client.Client
	clients  *clientNames
	redis    *rediscache.Cache // nil without one
}

// withService has use work with the service that the settings describe, and then ends all that stands behind it.
func withService(ctx context.Context, c *config, logger zerolog.Logger, use func(*service) error) error {
	url := c.Upstream.URL
	var emulated *sandbox.Server
	if c.sandboxed() {
		own, err := c.sandboxOrders()
		if err != nil {
			return err
		}
		if emulated, err = sandbox.Start(context.WithoutCancel(ctx), sandbox.Options{Orders: own}); err != nil {
			return err
		}
		defer func() {
			if err := emulated.Close(); err != nil {
				logger.Error().Err(err).Msg("close the sandbox")
			}
		}()
		url = emulated.URL
	}
	metrics := newMetrics(c)
	logger = logger.Hook(metrics.CountLines())
	traces, err := metrics.StartTraces(ctx, url, logger)
	if err != nil {
		return err
	}
	defer traces.Close()
	clientOptions := client.Options{
		Observe: observeCalls(metrics),
		URL:     url, Token: c.Upstream.Token, AllowAnonymous: c.sandboxed(),
		Timeout: c.Upstream.Timeout, Retries: c.Upstream.Retries, Concurrency: c.Upstream.Concurrency, Rate: c.Upstream.Rate,
		Budgets: c.budgetsTo(logger),
	}
	cacheOptions := cache.Options{
		Size: c.Cache.Size, TTL: c.Cache.TTL, TTLClosed: c.Cache.TTLClosed,
		StaleIfError: c.Cache.StaleIfError, MaxAttributeKeys: c.Max.AttributeKeys, Joined: joined,
	}
	var callerRates transport.SharedRates
	var common *rediscache.Cache
	if c.Redis.URL != "" {
		var err error
		common, err = newRedisCache(c, logger, metrics)
		if err != nil {
			return err
		}
		cacheOptions.Shared, cacheOptions.HashKey = common, common.TenantKey()
		clientOptions.SharedRate, clientOptions.Budgets.Shared, callerRates = common.Rate("upstream"), common, common
	}
	endpoint, err := client.New(clientOptions)
	if err != nil {
		return err
	}
	defer endpoint.Close()
	orders, err := cache.New(endpoint, cacheOptions)
	if err != nil {
		return err
	}
	defer orders.Close()
	if emulated != nil {
		emulated.OnForget(orders.ForgetRefusals)
	}
	health := new(graph.Health)
	clients := reportService(c, metrics, endpoint, orders)
	metrics.ReportReady(health.Ready)
	if cacheOptions.Shared != nil {
		metrics.ReportCache("redis", orders.SharedStats)
		metrics.ReportRedis(func() bool { _, up := cacheOptions.Shared.State(); return up })
	}
	options := graph.Options{
		SDL: schema, Orders: orders, Log: logger, Telemetry: metrics, Health: health, MaxOrders: c.Max.Orders, MaxAttributeKeys: c.Max.AttributeKeys,
		MaxResponse:  c.Max.Response,
		RequireToken: c.Upstream.Token == "" && !c.sandboxed(),
		Limits: limits.Limits{
			Tokens: c.Max.Tokens, Depth: c.Max.Depth, Aliases: c.Max.Aliases,
			RootFields: c.Max.RootFields, Directives: c.Max.Directives, Fields: c.Max.Fields,
		},
		NoIntrospection: !c.Operations.Introspection, NoGraphiQL: !c.Operations.GraphiQL, SandboxData: c.sandboxed(),
		Origins: c.Serving.CorsOrigins, RouterSecret: c.Access.RouterSecret, ResponseCacheSize: c.Cache.ResponseSize,
		HTTP: transport.Options{
			Access:  c.access(),
			MaxBody: c.Max.Body, RequestTimeout: c.Serving.RequestTimeout,
			ClientNames: c.Access.ClientNames, SlowRequest: c.Serving.SlowRequest,
			RateLimit: c.Serving.RateLimit, SharedRates: callerRates,
			Documents: transport.Documents{NoAutomatic: !c.Operations.APQ, TrustedOnly: c.Operations.TrustedDocumentsOnly},
		},
	}
	if traces != nil {
		options.HTTP.Tracer = traces
	}
	if c.sandboxed() {
		if options.TestIDs, err = json.Marshal(sandbox.TestIDs()); err != nil {
			return err
		}
		options.Origins = append(options.Origins, "http://localhost:*", "http://127.0.0.1:*")
	}
	if options.HTTP.Documents.Trusted, err = c.trustedDocuments(); err != nil {
		return err
	}
	metrics.NameOperations(options.HTTP.Documents.Trusted.Names())
	handler, err := graph.NewHandler(options)
	if err != nil {
		return err
	}
	return use(&service{url, logger, handler, health, metrics, endpoint, clients, common})
}

// newRedisCache returns the cache that this instance shares with others.
func newRedisCache(c *config, logger zerolog.Logger, metrics *telemetry.Telemetry) (*rediscache.Cache, error) {
	key, err := c.redisKey()
	if err != nil {
		return nil, err
	}
	return rediscache.New(rediscache.Options{
		URL: c.Redis.URL.Reveal(), EncryptionKey: key, Upstream: c.Upstream.URL, Log: logger,
		Observe: metrics.ObserveRedis(rediscache.Operations),
	})
}

// access returns how callers prove who they are.
func (c *config) access() transport.Access {
	return transport.Access{Service: c.Upstream.Token != "", ClientTokens: c.Access.ClientTokens}
}

const (
	// writePatience is what an answer may take to be written beyond the request timeout.
	writePatience = 15 * time.Second
	// profilePatience allows for CPU profiles and traces of a minute.
	profilePatience = 90 * time.Second
)

// serve listens and serves until ctx ends.
func serve(ctx context.Context, c *config, s *service) error {
	logger := s.log
	public, err := httpserver.Listen(ctx, httpserver.Options{
		Address: c.Serving.Listen, Handler: s.handler, Patience: c.Serving.RequestTimeout + writePatience, H2C: c.Serving.H2C, Log: logger,
	})
	if err != nil {
		return fmt.Errorf("--listen: %q can't be listened at: %w", c.Serving.Listen, err)
	}
	servers, adminAddress := []*httpserver.Server{public}, ""
	if c.Serving.AdminListen != off {
		admin, err := httpserver.Listen(ctx, httpserver.Options{
			Address: c.Serving.AdminListen, Handler: adminHandler(s.health, s.metrics), Patience: profilePatience, Log: logger,
		})
		if err != nil {
			return errors.Join(fmt.Errorf("--admin-listen: %q can't be listened at: %w", c.Serving.AdminListen, err), public.Close())
		}
		servers, adminAddress = append(servers, admin), admin.Address()
	}
	announce(c, public.Address(), s.upstream, logger)
	s.health.SetReady(true)
	notify(logger, daemon.SdNotifyReady)
	if c.listening != nil {
		c.listening(public.Address(), adminAddress)
	}
	drain := c.drain
	drain.Begin = func() {
		s.health.SetReady(false)
		notify(logger, daemon.SdNotifyStopping)
		logger.Info().Msg("stopping: requests under way are finished")
	}
	return httpserver.Serve(ctx, drain, servers...)
}

// notify tells systemd, if that started the process and waits to hear of it.
func notify(logger zerolog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		logger.Warn().Err(err).Msg("systemd could not be told " + state)
	}
}

// announce says where to look first, whose orders are shown there, and what is dangerous about it.
func announce(c *config, listening, upstreamURL string, logger zerolog.Logger) {
	// The name of the setting reads better than its address, but not its port 0.
	host, _, _ := net.SplitHostPort(c.Serving.Listen)
	reached, port, _ := net.SplitHostPort(listening)
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "localhost"
	}
	where := "http://" + net.JoinHostPort(host, port)
	what := "GraphQL: " + where + "/graphql"
	if c.Operations.GraphiQL && c.Operations.Introspection {
		what = "GraphiQL: " + where + "/graphiql/"
	}
	if c.sandboxed() {
		whose := "invented"
		if c.Sandbox.Orders != "" {
			whose = "invented, besides those of --sandbox-orders,"
		}
		what += " - the orders are the embedded sandbox's at " + upstreamURL + ", " + whose + " and free of charge; " +
			"--upstream-url (ORDERGRAPH_UPSTREAM_URL) points at the real upstream"
	}
	logger.Info().Msg(what)
	if c.sandboxed() && !net.ParseIP(reached).IsLoopback() {
		logger.Warn().Msg("the embedded sandbox can be reached from other machines: whoever takes its invented orders for real ones is wrong; " +
			"set --upstream-url, or listen at localhost")
	}
	if strings.HasPrefix(c.Upstream.URL, "http://") {
		logger.Warn().Msg("--upstream-url is not https: tokens and orders are sent unencrypted")
	}
	if c.Access.InsecureNoClientAuth {
		logger.Warn().Msg("--insecure-no-client-auth: whoever reaches this address reads orders at your expense")
	}
}

// adminHandler serves operators. The profile cmdline is left out: flags may hold tokens.
func adminHandler(health *graph.Health, metrics *telemetry.Telemetry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", metrics.StatusPage())
	mux.Handle("GET /status.json", metrics.StatusJSON())
	mux.Handle("GET /metrics", metrics.Handler())
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	name, _ := os.Hostname() // without one, addresses and localhost are left
	probed := http.NewServeMux()
	health.Register(probed)
	probed.Handle("/", telemetry.OnlyOwnHost(mux, name))
	return probed
}

// logPatience is how long the end of the process waits for a reader of the log that has stalled.
const logPatience = time.Second

// openLog returns what takes the lines of the log without waiting for their reader. One that goes away does
// not take the process with it.
func openLog(c *config, stderr io.Writer) *jsonlog.Queue {
	signal.Ignore(syscall.SIGPIPE)
	// net/http's client writes what follows an answer on its connection to this one: pieces of orders.
	log.SetOutput(io.Discard)
	return jsonlog.NewQueue(stderr, func(w io.Writer, dropped int) {
		logger := newLogger(c, w)
		logger.Warn().Int("dropped", dropped).Msg("lines of the log were dropped: its reader did not take them")
	})
}

func newLogger(c *config, output io.Writer) zerolog.Logger {
	// The value is one of the allowed ones.
	level, _ := zerolog.ParseLevel(c.Log.Level)
	return jsonlog.NewLogger(output, level, c.Log.Format == "text")
}

// logFormat is text for people and json for machines.
func logFormat(stderr io.Writer) string {
	if file, ok := stderr.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return "text"
		}
	}
	return "json"
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return cmp.Or(info.Main.Version, "(devel)")
	}
	return "(devel)"
}

const (
	// leastWorkingMemory is what requests, calls under way and the garbage of both may take besides
	// the caches, in bytes. Without that room the garbage collector would never rest.
	leastWorkingMemory = 52 << 20
	// workingShare is the part of the caches, an eighth, that this room is at least: the larger they are, the
	// longer a collection takes, and the more seldom it must be.
	workingShare = 8
	// garbagePercent is how much garbage may gather, in percent of what is in use, as long as the
	// limit leaves room for it.
	garbagePercent = 400
)

// limitMemory sets the soft limit on memory to what caches of the given bytes need, at most nine tenths of the
// container's memory, unless GOMEMLIMIT says otherwise, and lets garbage gather below it, unless GOGC does:
// without a limit the garbage collector lets the caches take several times their size before it works.
// container returns the container's limit in bytes, or an error where there is none.
func limitMemory(caches int64, container func() (uint64, error)) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit := caches + max(caches/workingShare, leastWorkingMemory)
	if bytes, err := container(); err == nil && bytes <= math.MaxInt64 {
		limit = min(limit, int64(bytes)/10*9)
	}
	debug.SetMemoryLimit(limit)
}
