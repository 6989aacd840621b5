// Command ordergraph serves 1688/Alibaba buyer orders as GraphQL.
//
// It answers from the paid REST endpoint 1688get-order-info, or, with nothing set, from an embedded
// sandbox. Every setting is a flag and an environment variable; ordergraph --help lists them.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/pprof"
	"net/url"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/agnivade/levenshtein"
	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"ordergraph/graph"
	"ordergraph/graph/httpserver"
	"ordergraph/graph/jsonlog"
	"ordergraph/graph/limits"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
	"ordergraph/upstream/cache"
	"ordergraph/upstream/client"
	"ordergraph/upstream/sandbox"
)

//go:embed schema.graphqls
var schema string

// config is every setting. The help texts are its documentation.
type config struct {
	Listen      address `group:"Serving" default:"localhost:8080" placeholder:"HOST:PORT" help:"GraphQL, GraphiQL and health."`
	H2C         bool    `group:"Serving" name:"h2c" env:"ORDERGRAPH_H2C" default:"false" help:"HTTP/2 without TLS, with prior knowledge, on --listen as well."`
	AdminListen address `group:"Serving" default:"localhost:8081" placeholder:"HOST:PORT" help:"Profiles (/debug/pprof/) and health; off turns it off."`

	RequestTimeout duration `group:"Serving" min:"1ms" max:"24h" default:"15s" placeholder:"DURATION" help:"A whole GraphQL request; what has come by then is answered."`
	RateLimit      rate     `group:"Serving" min:"0" max:"1000000" default:"0" placeholder:"N" help:"Requests a second for each caller; 0 is no limit. In pass-through, callers that were never answered with an order share it by their address, for the calls that they cost."`
	CorsOrigins    []string `group:"Serving" placeholder:"ORIGIN" help:"Browser origins that may read answers, such as https://shop.example; http://localhost:* admits every port. The sandbox admits http://localhost:* and http://127.0.0.1:* as well."`

	UpstreamURL         string          `group:"Upstream" name:"upstream-url" placeholder:"URL" help:"The order-info endpoint, whole URL; empty is the embedded sandbox."`
	UpstreamToken       upstream.Secret `group:"Upstream" placeholder:"TOKEN" help:"Empty is pass-through: the caller's Authorization value goes upstream unchanged. Set is service mode: this value goes upstream and callers authenticate to us."`
	UpstreamTimeout     duration        `group:"Upstream" min:"1ms" max:"24h" default:"5s" placeholder:"DURATION" help:"One attempt."`
	UpstreamRetries     count           `group:"Upstream" min:"0" max:"10" default:"1" placeholder:"N" help:"Further attempts where certainly nothing was charged."`
	UpstreamConcurrency count           `group:"Upstream" min:"1" max:"4096" default:"64" placeholder:"N" help:"Calls in flight at once; one caller gets at most half of them while others wait."`
	UpstreamRate        rate            `group:"Upstream" min:"0" max:"1000000" default:"0" placeholder:"N" help:"Calls a second; 0 is no limit."`

	ClientTokens         []upstream.Secret `group:"Access" placeholder:"TOKEN" help:"Service mode: bearer tokens that callers may use; sha256:<hex> stands for a token by its hash."`
	InsecureNoClientAuth bool              `group:"Access" default:"false" help:"Service mode without client tokens refuses to start unless this is set."`
	RouterSecret         upstream.Secret   `group:"Access" placeholder:"SECRET" help:"Set: _service and _entities need it in the header X-Router-Secret, and with it introspection is always allowed."`

	CacheSize         size     `group:"Cache" min:"0" max:"64GiB" default:"256MiB" placeholder:"SIZE" help:"Memory for cached orders; 0 turns the cache off."`
	ResponseCacheSize size     `group:"Cache" min:"0" max:"64GiB" default:"64MiB" placeholder:"SIZE" help:"Memory for whole answers and the requests that they answer, served while all their orders would be served from the same cached copies; 0 turns it off."`
	CacheTTL          duration `group:"Cache" name:"cache-ttl" min:"0" max:"8760h" default:"30s" placeholder:"DURATION" help:"Freshness of an open order; 0 is never fresh."`
	CacheTTLClosed    duration `group:"Cache" name:"cache-ttl-closed" min:"0" max:"8760h" default:"10m" placeholder:"DURATION" help:"Freshness of an order in a final status (success, cancelled, terminated)."`
	CacheStaleIfError duration `group:"Cache" min:"0" max:"8760h" default:"1h" placeholder:"DURATION" help:"How long past freshness a copy may be served when the upstream fails."`

	MaxOrders        count `group:"Limits" min:"1" max:"1000" default:"100" placeholder:"N" help:"Distinct orders in one request, and places in its lists of orders, _entities included."`
	MaxAttributeKeys count `group:"Limits" min:"1" max:"10000" default:"100" placeholder:"N" help:"Distinct keys of extraAttributes in one request, and of what is kept of one order."`
	MaxResponse      size  `group:"Limits" min:"1" max:"1GiB" default:"16MiB" placeholder:"SIZE" help:"Size of the data of one answer: an order that does not fit is null, with an error."`
	MaxBody          size  `group:"Limits" min:"1" max:"64MiB" default:"256KiB" placeholder:"SIZE" help:"Size of a request body."`
	MaxTokens        count `group:"Limits" min:"1" max:"100000" default:"2000" placeholder:"N" help:"Lexical tokens of a document."`
	MaxDepth         count `group:"Limits" min:"1" max:"200" default:"20" placeholder:"N" help:"Nesting of a document."`
	MaxAliases       count `group:"Limits" min:"1" max:"10000" default:"30" placeholder:"N" help:"Aliases in a document."`
	MaxRootFields    count `group:"Limits" min:"1" max:"1000" default:"20" placeholder:"N" help:"Root fields of a document."`
	MaxDirectives    count `group:"Limits" min:"1" max:"10000" default:"20" placeholder:"N" help:"Directives in a document."`
	MaxFields        count `group:"Limits" min:"1" max:"1000000" default:"1000" placeholder:"N" help:"Fields of a document, fragments counted as often as they are spread."`

	APQ                  bool   `group:"Operations" name:"apq" default:"true" negatable:"" help:"Automatic persisted queries, in a bounded cache."`
	TrustedDocuments     string `group:"Operations" placeholder:"FILE" help:"A persisted-operations manifest: of graphql-codegen, relay-compiler, Apollo or Apollo Kotlin."`
	TrustedDocumentsOnly bool   `group:"Operations" default:"false" help:"Nothing but the trusted documents runs."`
	Introspection        bool   `group:"Operations" default:"true" negatable:"" help:"Introspection; off also turns off GraphiQL and \"did you mean\" hints. _service { sdl } keeps working."`
	GraphiQL             bool   `group:"Operations" name:"graphiql" default:"true" negatable:"" help:"GraphiQL at /graphiql/."`

	LogLevel  string `group:"Logging" default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"The least level that is logged: debug, info, warn or error."`
	LogFormat string `group:"Logging" default:"${log_format}" enum:"json,text" placeholder:"FORMAT" help:"json or text; text on a terminal, else json."`

	// The rest is for tests only.

	// listening is told the addresses once they accept connections; admin is empty when off.
	listening func(public, admin string)
	// drain overrides how to stop.
	drain httpserver.Drain
}

// commandLine is what the program understands.
type commandLine struct {
	Config  config           `embed:""`
	Version kong.VersionFlag `env:"-" help:"Print the version and exit."`

	Serve  struct{} `cmd:"" default:"1" help:"Serve GraphQL; this is what happens without a command."`
	Schema struct {
		Subgraph bool `env:"-" help:"Print the schema for routers and composition instead."`
	} `cmd:"" help:"Print the schema for clients and exit."`
}

// subgraphSchema is the command that prints the schema for routers, as parse returns it.
const subgraphSchema = "schema --subgraph"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	if err := command(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		output := jsonlog.NewQueue(os.Stderr, func(io.Writer, int) {})
		fmt.Fprintln(output, "ordergraph:", err)
		// There is nowhere else to say that nobody reads it.
		_ = output.Close(logPatience)
		os.Exit(1)
	}
}

// longestError is how many bytes of an error are shown.
const longestError = 1 << 10

// oneLine keeps an error that repeats what it was given on one line.
func oneLine(text string) string {
	if len(text) > longestError {
		text = text[:longestError] + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// logPatience is how long the end of the process waits for a reader of the log that has stalled.
const logPatience = time.Second

// errDone says that the command line was answered, and there is nothing left to do.
var errDone = errors.New("done")

// command does what the command line says. Every error is one line.
func command(ctx context.Context, arguments []string, stdout, stderr io.Writer) (err error) {
	defer func() {
		if err != nil {
			err = errors.New(oneLine(err.Error()))
		}
	}()
	settings, chosen, err := parse(arguments, stdout, stderr)
	switch {
	case errors.Is(err, errDone):
		return nil
	case err != nil:
		return err
	case chosen == "schema":
		text, err := graph.APISchema(schema)
		if err != nil {
			return err
		}
		_, err = io.WriteString(stdout, text)
		return err
	case chosen == subgraphSchema:
		_, err := io.WriteString(stdout, schema)
		return err
	}
	limitMemory(settings, "/sys/fs/cgroup/memory.max")
	output := openLog(settings, stderr)
	err = run(ctx, settings, newLogger(settings, output))
	// A reader that takes no lines has lost them, and nothing else.
	_ = output.Close(logPatience)
	return err
}

// parse reads the settings from flags and environment.
func parse(arguments []string, stdout, stderr io.Writer) (settings config, command string, err error) {
	var line commandLine
	exited := false
	parser, err := kong.New(&line,
		kong.Name("ordergraph"),
		kong.Description("1688/Alibaba buyer orders as GraphQL. Every flag is an environment variable too. "+
			"Durations are like 500ms, 30s, 10m or 1h, sizes like 512KiB, 64MiB or 1GiB. "+
			"The soft memory limit of the process is the cache sizes and an eighth of them, or 52MiB if that is more, and at most 90 % of the container's; GOMEMLIMIT overrides it."),
		kong.DefaultEnvars("ORDERGRAPH"),
		kong.Vars{"version": version(), "log_format": logFormat(stderr)},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.ValueFormatter(describe),
		kong.KindMapper(reflect.String, trimmed{defaultMappers.ForType(reflect.TypeFor[string]())}),
		kong.KindMapper(reflect.Bool, trimmedBool{trimmed{defaultMappers.ForType(reflect.TypeFor[bool]())}}),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { exited = true }),
	)
	if err != nil {
		return config{}, "", err
	}
	parsed, err := parser.Parse(arguments)
	if exited {
		return config{}, "", errDone
	}
	if err != nil {
		return config{}, "", err
	}
	if err := checkVariables(parser.Model.Flags, os.Environ()); err != nil {
		return config{}, "", err
	}
	command = parsed.Command()
	if line.Schema.Subgraph {
		command = subgraphSchema
	}
	return line.Config, command, line.Config.check()
}

// defaultMappers read the settings that have no type of their own.
var defaultMappers = kong.NewRegistry().RegisterDefaults()

// trimmed cuts the white space around what a mapper reads, line ends too: files and templates leave some, and
// no value is meant to have any.
type trimmed struct{ kong.Mapper }

// Decode reads a value.
func (t trimmed) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	token := ctx.Scan.Peek()
	if text, ok := token.Value.(string); ok && token.IsValue() {
		ctx.Scan.Pop()
		ctx.Scan.PushTyped(strings.TrimSpace(text), token.Type)
	}
	return t.Mapper.Decode(ctx, target)
}

// trimmedBool is trimmed for flags that need no value.
type trimmedBool struct{ trimmed }

// IsBool returns true.
func (trimmedBool) IsBool() bool { return true }

const variablePrefix = "ORDERGRAPH_"

// checkVariables refuses variables that are no setting: a misspelt ORDERGRAPH_UPSTREAM_URL would serve invented
// orders. Kubernetes sets some for each service, with names of its own.
func checkVariables(flags []*kong.Flag, environment []string) error {
	var known []string
	for _, flag := range flags {
		known = append(known, flag.Envs...)
	}
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		if len(name) < len(variablePrefix) || !strings.EqualFold(name[:len(variablePrefix)], variablePrefix) ||
			slices.Contains(known, name) || strings.Contains(name, "_PORT") || strings.Contains(name, "_SERVICE_") {
			continue
		}
		return fmt.Errorf("the environment variable %s is no setting; the nearest one is %s", name, nearest(known, strings.ToUpper(name)))
	}
	return nil
}

// nearest returns the name that was most likely meant: one that ends as the given one does, or else the one
// that takes the fewest changes.
func nearest(names []string, given string) string {
	end := strings.TrimPrefix(given, strings.TrimSuffix(variablePrefix, "_"))
	return slices.MinFunc(names, func(a, b string) int {
		if aEnds, bEnds := strings.HasSuffix(a, end), strings.HasSuffix(b, end); aEnds != bEnds && len(end) > 1 {
			if aEnds {
				return -1
			}
			return 1
		}
		return cmp.Compare(levenshtein.ComputeDistance(given, a), levenshtein.ComputeDistance(given, b))
	})
}

// describe is the help text of a setting with its range, its default and its environment variable.
func describe(value *kong.Value) string {
	text := value.Help
	if value.Tag.Has("max") {
		text += " From " + value.Tag.Get("min") + " to " + value.Tag.Get("max") + "."
	}
	if value.HasDefault {
		text += " Default: " + value.Default + "."
	}
	if len(value.Tag.Envs) > 0 {
		text += " ($" + value.Tag.Envs[0] + ")"
	}
	return text
}

// check refuses combinations of settings, and values that only make sense as a whole.
func (c config) check() error {
	if c.Listen == off {
		return errors.New(`--listen: "off" is not allowed, want host:port`)
	}
	if c.UpstreamURL != "" {
		address, err := url.Parse(c.UpstreamURL)
		switch {
		case err != nil, address.Scheme != "http" && address.Scheme != "https", address.Hostname() == "":
			return fmt.Errorf("--upstream-url: %s is not allowed, want an absolute http or https URL", withoutCredentials(c.UpstreamURL))
		case address.User != nil:
			return errors.New("--upstream-url: [redacted] is not allowed, want a URL without user name and password; the token goes into --upstream-token")
		}
	}
	for _, origin := range c.CorsOrigins {
		if err := transport.CheckOrigin(origin); err != nil {
			return fmt.Errorf("--cors-origins: %s is not allowed, %w", quote(origin), err)
		}
	}
	for name, secret := range map[string]upstream.Secret{"--upstream-token": c.UpstreamToken, "--router-secret": c.RouterSecret} {
		if !fitsHeader(secret) {
			return fmt.Errorf("%s: [redacted] is not allowed, want a value that fits into a header, without control characters", name)
		}
	}
	for i, token := range c.ClientTokens {
		if !fitsHeader(token) {
			return fmt.Errorf("--client-tokens: token %d [redacted] is not allowed, want a value that fits into a header, without control characters", i+1)
		}
		if err := transport.CheckClientToken(token); err != nil {
			return fmt.Errorf("--client-tokens: token %d [redacted] is not allowed, %w", i+1, err)
		}
	}
	switch service := c.UpstreamToken != ""; {
	case !service && len(c.ClientTokens) > 0:
		return errors.New("--client-tokens: [redacted] has no effect, want --upstream-token as well (service mode)")
	case !service && c.InsecureNoClientAuth:
		return errors.New("--insecure-no-client-auth: true has no effect, want --upstream-token as well (service mode)")
	case service && len(c.ClientTokens) == 0 && !c.InsecureNoClientAuth:
		return errors.New("--client-tokens: empty is not allowed with --upstream-token, want tokens, or --insecure-no-client-auth to let everybody spend your points")
	case service && len(c.ClientTokens) > 0 && c.InsecureNoClientAuth:
		return errors.New("--insecure-no-client-auth: true is not allowed with --client-tokens, want one of them")
	case c.TrustedDocumentsOnly && c.TrustedDocuments == "":
		return errors.New("--trusted-documents-only: true is not allowed, want --trusted-documents as well")
	}
	return nil
}

// fitsHeader reports whether a secret can be the value of a header.
func fitsHeader(secret upstream.Secret) bool {
	return !strings.ContainsFunc(secret.Reveal(), func(r rune) bool { return r < ' ' || r == 0x7f })
}

// withoutCredentials shows an address that is not accepted, unless it may hold a password.
func withoutCredentials(text string) string {
	address, err := url.Parse(text)
	if err != nil || address.User != nil || strings.Contains(text, "@") {
		return "[redacted]"
	}
	if address.RawQuery != "" {
		address.RawQuery = "[redacted]"
	}
	address.Fragment, address.RawFragment = "", ""
	return quote(address.String())
}

// longestQuoted is how many bytes of a value an error repeats.
const longestQuoted = 100

// quote shows a value on one line, however long it is.
func quote(text string) string {
	if len(text) > longestQuoted {
		return strconv.Quote(text[:longestQuoted]) + "…"
	}
	return strconv.Quote(text)
}

// sandboxed tells whether the embedded sandbox answers.
func (c config) sandboxed() bool { return c.UpstreamURL == "" }

// address is host:port to listen on, or off.
type address string

const off address = "off"

// Decode reads a setting.
func (a *address) Decode(ctx *kong.DecodeContext) error {
	text, err := popText(ctx)
	if err != nil {
		return err
	}
	*a = address(text)
	if *a == off {
		return nil
	}
	_, port, err := net.SplitHostPort(text)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		return fmt.Errorf("%s is not allowed, want host:port with a port from 0 to 65535", quote(text))
	}
	return nil
}

// popText returns the value that a setting is given, without the white space around it.
func popText(ctx *kong.DecodeContext) (string, error) {
	token, err := ctx.Scan.PopValue(ctx.Value.Name)
	if err != nil {
		return "", err
	}
	text, _ := token.Value.(string)
	return strings.TrimSpace(text), nil
}

// decodeNumber reads a setting that is at least its tag min, and at most its tag max.
func decodeNumber[T cmp.Ordered](ctx *kong.DecodeContext, target *T, what string, parse func(string) (T, error)) error {
	text, err := popText(ctx)
	if err != nil {
		return err
	}
	least, leastErr := parse(ctx.Value.Tag.Get("min"))
	most, mostErr := parse(ctx.Value.Tag.Get("max"))
	if err := errors.Join(leastErr, mostErr); err != nil {
		return fmt.Errorf("its range: %w", err)
	}
	// Not a number is in no range.
	if value, err := parse(text); err == nil && least <= value && value <= most {
		*target = value
		return nil
	}
	return fmt.Errorf("%s is not allowed, want %s, from %s to %s", quote(text), what, ctx.Value.Tag.Get("min"), ctx.Value.Tag.Get("max"))
}

// duration is a length of time.
type duration time.Duration

// Decode reads a setting.
func (d *duration) Decode(ctx *kong.DecodeContext) error {
	return decodeNumber(ctx, d, "a duration such as 500ms, 30s, 10m or 1h", func(text string) (duration, error) {
		value, err := time.ParseDuration(text)
		return duration(value), err
	})
}

// size is a number of bytes.
type size int64

var sizeUnits = [...]struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"", 1}}

// Decode reads a setting.
func (s *size) Decode(ctx *kong.DecodeContext) error {
	return decodeNumber(ctx, s, "a size such as 65536, 512KiB, 64MiB or 1GiB", parseSize)
}

func parseSize(text string) (size, error) {
	for _, unit := range sizeUnits {
		digits, found := strings.CutSuffix(text, unit.name)
		if !found {
			continue
		}
		value, err := strconv.ParseUint(digits, 10, 63)
		if err != nil {
			return 0, err
		}
		if int64(value) > math.MaxInt64/unit.bytes {
			return 0, strconv.ErrRange
		}
		return size(int64(value) * unit.bytes), nil
	}
	return 0, strconv.ErrSyntax // not reached: the last unit is empty
}

// count is a whole number.
type count int

// Decode reads a setting.
func (c *count) Decode(ctx *kong.DecodeContext) error {
	return decodeNumber(ctx, c, "a whole number", func(text string) (count, error) {
		value, err := strconv.ParseUint(text, 10, 31)
		return count(value), err
	})
}

// rate is a number of events a second.
type rate float64

// Decode reads a setting.
func (r *rate) Decode(ctx *kong.DecodeContext) error {
	return decodeNumber(ctx, r, "a number a second", func(text string) (rate, error) {
		value, err := strconv.ParseFloat(text, 64)
		return rate(value), err
	})
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return cmp.Or(info.Main.Version, "(devel)")
	}
	return "(devel)"
}

// logFormat is text for people and json for machines.
func logFormat(stderr io.Writer) string {
	file, isFile := stderr.(*os.File)
	if !isFile {
		return "json"
	}
	if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return "text"
	}
	return "json"
}

// openLog returns what takes the lines of the log without waiting for their reader. One that goes away does
// not take the process with it.
func openLog(c config, stderr io.Writer) *jsonlog.Queue {
	signal.Ignore(syscall.SIGPIPE)
	// net/http's client writes what follows an answer on its connection to this one: pieces of orders.
	log.SetOutput(io.Discard)
	return jsonlog.NewQueue(stderr, func(w io.Writer, dropped int) {
		logger := newLogger(c, w)
		logger.Warn().Int("dropped", dropped).Msg("lines of the log were dropped: its reader did not take them")
	})
}

func newLogger(c config, output io.Writer) zerolog.Logger {
	// The value is one of the allowed ones.
	level, _ := zerolog.ParseLevel(c.LogLevel)
	return jsonlog.NewLogger(output, level, c.LogFormat == "text")
}

const (
	// leastWorkingMemory is what requests, calls under way and the garbage of both may take besides
	// the caches, in bytes. Without that room the garbage collector would never rest.
	leastWorkingMemory = 52 << 20
	// workingShare is the part of the caches, one in so many, that this room is at least: the larger
	// they are, the longer a collection takes, and the more seldom it must be.
	workingShare = 8
	// garbagePercent is how much garbage may gather, in percent of what is in use, as long as the
	// limit leaves room for it.
	garbagePercent = 400
)

// memoryLimit is at what size of the process the garbage collector starts to work harder, in bytes:
// without a limit it lets the caches take several times their size before it collects.
func (c config) memoryLimit() int64 {
	const most = 1 << 60 // keeps the sum from overflowing
	caches := min(int64(c.CacheSize), most) + min(int64(c.ResponseCacheSize), most)
	return caches + max(caches/workingShare, leastWorkingMemory)
}

// limitMemory sets the soft limit on memory to what the settings need, at most nine tenths of the
// container's memory, unless GOMEMLIMIT says otherwise, and lets garbage gather below it, unless GOGC
// does. file holds the container's limit; outside of one there is none, or it says "max".
func limitMemory(c config, file string) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit := c.memoryLimit()
	if text, err := os.ReadFile(file); err == nil {
		if bytes, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			limit = min(limit, bytes/10*9)
		}
	}
	debug.SetMemoryLimit(limit)
}

// run serves until ctx ends, and then drains: no new requests are asked for, those under way finish.
func run(ctx context.Context, c config, logger zerolog.Logger) error {
	options := client.Options{
		URL: c.UpstreamURL, Token: c.UpstreamToken, AllowAnonymous: c.sandboxed(),
		Timeout: time.Duration(c.UpstreamTimeout), Retries: int(c.UpstreamRetries),
		Concurrency: int(c.UpstreamConcurrency), Rate: float64(c.UpstreamRate),
	}
	if c.sandboxed() {
		emulated, err := sandbox.Start(context.WithoutCancel(ctx), sandbox.Options{})
		if err != nil {
			return err
		}
		defer closeSandbox(emulated, logger)
		options.URL = emulated.URL
	}
	endpoint, err := client.New(options)
	if err != nil {
		return err
	}
	defer endpoint.Close()
	orders, err := cache.New(endpoint, cache.Options{
		Size: int64(c.CacheSize), TTL: time.Duration(c.CacheTTL), TTLClosed: time.Duration(c.CacheTTLClosed),
		StaleIfError: time.Duration(c.CacheStaleIfError), MaxAttributeKeys: int(c.MaxAttributeKeys),
	})
	if err != nil {
		return err
	}
	defer orders.Close()
	health := new(graph.Health)
	handler, err := newHandler(c, orders, health, logger)
	if err != nil {
		return err
	}
	return serve(ctx, c, handler, health, logger)
}

func closeSandbox(emulated *sandbox.Server, logger zerolog.Logger) {
	if err := emulated.Close(); err != nil {
		logger.Error().Err(err).Msg("close the sandbox")
	}
}

// newHandler wires what we offer.
func newHandler(c config, orders upstream.Orders, health *graph.Health, logger zerolog.Logger) (http.Handler, error) {
	options := graph.Options{
		SDL: schema, Orders: orders, Log: logger, Health: health, MaxOrders: int(c.MaxOrders), MaxAttributeKeys: int(c.MaxAttributeKeys),
		MaxResponse:  int64(c.MaxResponse),
		RequireToken: c.UpstreamToken == "" && !c.sandboxed(),
		Limits: limits.Limits{
			Tokens: int(c.MaxTokens), Depth: int(c.MaxDepth), Aliases: int(c.MaxAliases),
			RootFields: int(c.MaxRootFields), Directives: int(c.MaxDirectives), Fields: int(c.MaxFields),
		},
		NoIntrospection: !c.Introspection, NoGraphiQL: !c.GraphiQL, SandboxData: c.sandboxed(),
		Origins: c.CorsOrigins, RouterSecret: c.RouterSecret, ResponseCacheSize: int64(c.ResponseCacheSize),
		HTTP: transport.Options{
			Access:  transport.Access{Service: c.UpstreamToken != "", ClientTokens: c.ClientTokens},
			MaxBody: int64(c.MaxBody), RequestTimeout: time.Duration(c.RequestTimeout), RateLimit: float64(c.RateLimit),
			Documents: transport.Documents{NoAutomatic: !c.APQ, TrustedOnly: c.TrustedDocumentsOnly},
		},
	}
	if c.sandboxed() {
		options.Origins = append(options.Origins, "http://localhost:*", "http://127.0.0.1:*")
	}
	if c.TrustedDocuments != "" {
		manifest, err := transport.ReadManifest(c.TrustedDocuments)
		if err != nil {
			return nil, fmt.Errorf("--trusted-documents: %w", err)
		}
		options.HTTP.Documents.Trusted = manifest
	}
	return graph.NewHandler(options)
}

// patience is what an answer may take to be written beyond the request timeout.
const patience = 15 * time.Second

// serve listens and serves until ctx ends.
func serve(ctx context.Context, c config, handler http.Handler, health *graph.Health, logger zerolog.Logger) error {
	public, err := httpserver.Listen(ctx, httpserver.Options{
		Address: string(c.Listen), Handler: handler, Patience: time.Duration(c.RequestTimeout) + patience, H2C: c.H2C, Log: logger,
	})
	if err != nil {
		return fmt.Errorf("--listen: %q can't be listened at: %w", c.Listen, err)
	}
	servers, adminAddress := []*httpserver.Server{public}, ""
	if c.AdminListen != off {
		admin, err := httpserver.Listen(ctx, httpserver.Options{
			Address: string(c.AdminListen), Handler: adminHandler(health), Patience: profilePatience, Log: logger,
		})
		if err != nil {
			return errors.Join(fmt.Errorf("--admin-listen: %q can't be listened at: %w", c.AdminListen, err), public.Close())
		}
		servers, adminAddress = append(servers, admin), admin.Address()
	}
	announce(c, public.Address(), logger)
	health.SetReady(true)
	if c.listening != nil {
		c.listening(public.Address(), adminAddress)
	}
	drain := c.drain
	drain.Begin = func() {
		health.SetReady(false)
		logger.Info().Msg("stopping: requests under way are finished")
	}
	return httpserver.Serve(ctx, drain, servers...)
}

// announce says where to look first, and whose orders are shown there.
func announce(c config, listening string, logger zerolog.Logger) {
	// The name of the setting reads better than the address it stands for, but not its port 0.
	host, _, _ := net.SplitHostPort(string(c.Listen))
	_, port, _ := net.SplitHostPort(listening)
	if everywhere := net.ParseIP(host); host == "" || everywhere.IsUnspecified() {
		host = "localhost"
	}
	where := "http://" + net.JoinHostPort(host, port)
	what := "GraphQL: " + where + "/graphql"
	if c.GraphiQL && c.Introspection {
		what = "GraphiQL: " + where + "/graphiql/"
	}
	if c.sandboxed() {
		what += " - the orders are the embedded sandbox's, invented and free of charge; " +
			"--upstream-url (ORDERGRAPH_UPSTREAM_URL) points at the real upstream"
	}
	logger.Info().Msg(what)
	if reached, _, _ := net.SplitHostPort(listening); c.sandboxed() && !net.ParseIP(reached).IsLoopback() {
		logger.Warn().Msg("the embedded sandbox can be reached from other machines: whoever takes its invented orders for real ones is wrong; " +
			"set --upstream-url, or listen at localhost")
	}
	if !c.sandboxed() && strings.HasPrefix(c.UpstreamURL, "http://") {
		logger.Warn().Msg("--upstream-url is not https: tokens and orders are sent unencrypted")
	}
	if c.InsecureNoClientAuth {
		logger.Warn().Msg("--insecure-no-client-auth: whoever reaches this address reads orders at your expense")
	}
}

// profilePatience allows for CPU profiles and traces of a minute.
const profilePatience = 90 * time.Second

// adminHandler serves operators. The profile cmdline is left out: flags may hold tokens.
func adminHandler(health *graph.Health) http.Handler {
	mux := http.NewServeMux()
	health.Register(mux)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
