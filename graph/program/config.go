package program

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/alecthomas/kong"

	"ordergraph/graph/httpserver"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
	"ordergraph/upstream/cache/rediscache"
	"ordergraph/upstream/sandbox"
)

// config is every setting: --cache-ttl is ORDERGRAPH_CACHE_TTL. The help texts are its documentation, and the
// tag range bounds a number.
type config struct {
	Serving struct {
		Listen         string        `default:"localhost:8080" placeholder:"HOST:PORT" help:"GraphQL, GraphiQL and health."`
		H2C            bool          `name:"h2c" env:"ORDERGRAPH_H2C" default:"false" help:"HTTP/2 without TLS, with prior knowledge, on --listen as well."`
		AdminListen    string        `default:"localhost:8081" placeholder:"HOST:PORT" help:"The status page, metrics, profiles (/debug/pprof/) and health; off turns it off."`
		RequestTimeout time.Duration `range:"1ms..24h" default:"15s" help:"A whole GraphQL request; what has come by then is answered."`
		RateLimit      float64       `range:"0..1000000" default:"0" help:"Requests a second for each caller; 0 is no limit. In pass-through, callers that were never answered with an order share it by their address, for the calls that they cost."`
		SlowRequest    time.Duration `range:"0..24h" default:"1s" help:"A request that takes longer is logged as a warning, with where the time went; 0 is none."`
		CorsOrigins    []string      `placeholder:"ORIGIN" help:"Browser origins that may read answers, such as https://shop.example; http://localhost:* admits every port. The sandbox admits http://localhost:* and http://127.0.0.1:* as well."`
	} `embed:"" group:"Serving"`

	Upstream struct {
		URL         string          `placeholder:"URL" help:"The order-info endpoint, whole URL; empty is the embedded sandbox."`
		Token       upstream.Secret `placeholder:"TOKEN" help:"Empty is pass-through: the caller's Authorization value goes upstream unchanged. Set is service mode: this value goes upstream and callers authenticate to us."`
		Timeout     time.Duration   `range:"1ms..24h" default:"5s" help:"One attempt."`
		Retries     int             `range:"0..10" default:"1" help:"Further attempts where certainly nothing was charged."`
		Concurrency int             `range:"1..4096" default:"64" help:"Calls in flight at once; one caller gets at most half of them while others wait."`
		Rate        float64         `range:"0..1000000" default:"0" help:"Calls a second; 0 is no limit."`
	} `embed:"" group:"Upstream" prefix:"upstream-"`

	Sandbox struct {
		Orders string `placeholder:"DIR" help:"A folder of *.json, upstream answers that the sandbox serves by their order ids."`
	} `embed:"" group:"Sandbox" prefix:"sandbox-"`

	Access struct {
		ClientTokens         []upstream.Secret `placeholder:"TOKEN" help:"Service mode: bearer tokens that callers may use; sha256:<hex> stands for a token by its hash, NAME=TOKEN names the client."`
		ClientNames          []string          `placeholder:"NAME" help:"Names that a request may give itself in GraphQL-Client-Name or apollographql-client-name, for counting only. At most 64."`
		InsecureNoClientAuth bool              `default:"false" help:"Service mode without client tokens refuses to start unless this is set."`
		RouterSecret         upstream.Secret   `placeholder:"SECRET" help:"Set: _service and _entities need it in the header X-Router-Secret, and with it introspection is always allowed."`
	} `embed:"" group:"Access"`

	Budget struct {
		All    []string `name:"budget" placeholder:"N/WINDOW" help:"Points that all calls may cost: N/hour, N/day or N/month, by the calendar at UTC+8. With --redis-url all instances count together; else each for itself, from its start."`
		Client []string `name:"client-budget" placeholder:"[NAME:]N/WINDOW" help:"The same for each client, by its name in --client-tokens, in pass-through by its token. With NAME: for that client, in place of those without."`
	} `embed:"" group:"Budgets"`

	Cache struct {
		Size         int64         `name:"cache-size" range:"0..64GiB" default:"256MiB" help:"Memory for cached orders; 0 turns the cache off."`
		ResponseSize int64         `name:"response-cache-size" range:"0..64GiB" default:"64MiB" help:"Memory for whole answers and the requests that they answer, served while all their orders would be served from the same cached copies; 0 turns it off."`
		TTL          time.Duration `name:"cache-ttl" range:"0..8760h" default:"30s" help:"Freshness of an open order; 0 is never fresh."`
		TTLClosed    time.Duration `name:"cache-ttl-closed" range:"0..8760h" default:"10m" help:"Freshness of an order in a final status (success, cancelled, terminated)."`
		StaleIfError time.Duration `name:"cache-stale-if-error" range:"0..8760h" default:"1h" help:"How long past freshness a copy may be served when the upstream fails."`
	} `embed:"" group:"Cache"`

	Redis struct {
		URL           upstream.Secret `placeholder:"URL" help:"Redis, for several instances that share what one of them paid for: redis://USER:PASSWORD@HOST:PORT/DB, rediss:// for TLS; ?addr=HOST:PORT adds an address, ?master_set=NAME asks Sentinels, a Cluster is recognised. Empty is none."`
		EncryptionKey upstream.Secret `placeholder:"KEY" help:"32 bytes in base64, the same for all instances: what is in Redis is sealed with AES-256-GCM. Empty: whoever reads Redis reads orders."`
	} `embed:"" group:"Redis" prefix:"redis-"`

	Max struct {
		Orders        int   `range:"1..1000" default:"100" help:"Distinct orders in one request, and places in its lists of orders, _entities included."`
		AttributeKeys int   `range:"1..10000" default:"100" help:"Distinct keys of extraAttributes in one request, and of what is kept of one order."`
		Response      int64 `range:"1..1GiB" default:"16MiB" help:"Size of the data of one answer: an order that does not fit is null, with an error."`
		Body          int64 `range:"1..64MiB" default:"256KiB" help:"Size of a request body."`
		Tokens        int   `range:"1..100000" default:"2000" help:"Lexical tokens of a document."`
		Depth         int   `range:"1..200" default:"20" help:"Nesting of a document."`
		Aliases       int   `range:"1..10000" default:"30" help:"Aliases in a document."`
		RootFields    int   `range:"1..1000" default:"20" help:"Root fields of a document."`
		Directives    int   `range:"1..10000" default:"20" help:"Directives in a document."`
		Fields        int   `range:"1..1000000" default:"1000" help:"Fields of a document, fragments counted as often as they are spread."`
	} `embed:"" group:"Limits" prefix:"max-"`

	Operations struct {
		APQ                  bool   `default:"true" negatable:"" help:"Automatic persisted queries, in a bounded cache."`
		TrustedDocuments     string `placeholder:"FILE" help:"A persisted-operations manifest: of graphql-codegen, relay-compiler, Apollo or Apollo Kotlin."`
		TrustedDocumentsOnly bool   `default:"false" help:"Nothing but the trusted documents runs."`
		Introspection        bool   `default:"true" negatable:"" help:"Introspection; off also turns off GraphiQL and \"did you mean\" hints. _service { sdl } keeps working."`
		GraphiQL             bool   `name:"graphiql" default:"true" negatable:"" help:"GraphiQL at /graphiql/."`
	} `embed:"" group:"Operations"`

	Log struct {
		Level  string `default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"The least level that is logged: debug, info, warn or error."`
		Format string `default:"${log_format}" enum:"json,text" placeholder:"FORMAT" help:"json or text; text on a terminal, else json."`
	} `embed:"" group:"Logging" prefix:"log-"`

	// hash is the same where the settings are, secrets aside.
	hash string
	// reread reads the same flags and variables, and the files that they name, once more.
	reread func() (*config, error)

	// The rest is for tests only.

	// listening is told the addresses once they accept connections; admin is empty when off.
	listening func(public, admin string)
	// drain overrides how to stop.
	drain httpserver.Drain
}

// sandboxOrders reads the answers that the sandbox serves besides its own, nil if there are none.
func (c *config) sandboxOrders() (*sandbox.Orders, error) {
	if c.Sandbox.Orders == "" {
		return nil, nil
	}
	orders, err := sandbox.ReadOrders(c.Sandbox.Orders)
	if err != nil {
		return nil, fmt.Errorf("--sandbox-orders: %w", err)
	}
	return orders, nil
}

// sandboxed reports whether the embedded sandbox answers.
func (c *config) sandboxed() bool { return c.Upstream.URL == "" }

// off turns the admin address off.
const off = "off"

// newParser returns what reads flags and environment into line.
func newParser(line *commandLine, stdout, stderr io.Writer) (*kong.Kong, error) {
	return kong.New(line,
		kong.Name("ordergraph"),
		kong.Description("1688/Alibaba buyer orders as GraphQL. Every flag is an environment variable too. "+
			"Durations are like 500ms, 30s, 10m or 1h, sizes like 512KiB, 64MiB or 1GiB. "+
			"The soft memory limit of the process is the cache sizes and an eighth of them, or 52MiB if that is more, and at most 90 % of the container's; GOMEMLIMIT overrides it."),
		kong.DefaultEnvars("ORDERGRAPH"),
		kong.PostBuild(settingsOnly),
		kong.Resolvers(secretFiles),
		kong.Vars{"version": version(), "log_format": logFormat(stderr)},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.ValueFormatter(describe),
		trimmed[string](), trimmed[bool](),
		numbers("DURATION", "a duration such as 500ms, 30s, 10m or 1h", time.ParseDuration),
		numbers("SIZE", "a size such as 65536, 512KiB, 64MiB or 1GiB", parseSize),
		numbers("N", "a whole number", func(text string) (int, error) {
			value, err := strconv.ParseUint(text, 10, 31)
			return int(value), err
		}),
		numbers("N", "a number a second", func(text string) (float64, error) { return strconv.ParseFloat(text, 64) }),
		kong.Writers(stdout, stderr),
	)
}

// settingsOnly takes the variables from the flags of commands, which are no settings.
func settingsOnly(program *kong.Kong) error {
	for _, command := range program.Model.Children {
		for _, flag := range command.Flags {
			flag.Envs, flag.Tag.Envs = nil, nil
		}
	}
	return nil
}

// describe is the help text of a setting with its range, its default and its environment variable.
func describe(value *kong.Value) string {
	text := value.Help
	if least, most, bounded := strings.Cut(value.Tag.Get("range"), ".."); bounded {
		text += " From " + least + " to " + most + "."
	}
	if value.HasDefault {
		text += " Default: " + value.Default + "."
	}
	if len(value.Tag.Envs) > 0 {
		text += " ($" + value.Tag.Envs[0] + ")"
	}
	return text
}

// trimmed has the white space cut around values of a kind, line ends too: files and templates leave some, and
// no value is meant to have any.
func trimmed[T any]() kong.Option {
	mapper := kong.NewRegistry().RegisterDefaults().ForType(reflect.TypeFor[T]())
	return kong.KindMapper(reflect.TypeFor[T]().Kind(), kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		token := ctx.Scan.Peek()
		if text, ok := token.Value.(string); ok && token.IsValue() {
			ctx.Scan.Pop()
			ctx.Scan.PushTyped(strings.TrimSpace(text), token.Type)
		}
		return mapper.Decode(ctx, target)
	}))
}

// number reads values of one type that are within their tag range, which is like 0..64GiB.
type number[T cmp.Ordered] struct {
	placeholder, what string
	parse             func(string) (T, error)
}

func numbers[T cmp.Ordered](placeholder, what string, parse func(string) (T, error)) kong.Option {
	return kong.TypeMapper(reflect.TypeFor[T](), number[T]{placeholder, what, parse})
}

// PlaceHolder returns the placeholder of a value in the help.
func (n number[T]) PlaceHolder(*kong.Flag) string { return n.placeholder }

// Decode reads a value.
func (n number[T]) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	token, err := ctx.Scan.PopValue(ctx.Value.Name)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(token.String())
	least, most, _ := strings.Cut(ctx.Value.Tag.Get("range"), "..")
	lowest, lowestErr := n.parse(least)
	highest, highestErr := n.parse(most)
	value, err := n.parse(text)
	// NaN is in no range.
	if inRange := lowest <= value && value <= highest; errors.Join(err, lowestErr, highestErr) != nil || !inRange {
		return fmt.Errorf("%.100q is not allowed, want %s, from %s to %s", text, n.what, least, most)
	}
	target.Set(reflect.ValueOf(value))
	return nil
}

// parseSize reads a number of bytes.
func parseSize(text string) (int64, error) {
	shift := 0
	for i, unit := range [...]string{"KiB", "MiB", "GiB"} {
		if digits, found := strings.CutSuffix(text, unit); found {
			text, shift = digits, 10*(i+1)
			break
		}
	}
	value, err := strconv.ParseUint(text, 10, 63-shift)
	return int64(value) << shift, err
}

// checkVariables refuses variables that are no setting: a misspelt ORDERGRAPH_UPSTREAM_URL would serve invented
// orders. Kubernetes sets some for each service, with names of its own.
func checkVariables(flags []*kong.Flag) error {
	const prefix = "ORDERGRAPH_"
	known := []string{tokenVariable, tokenVariable + fileSuffix}
	for _, flag := range flags {
		known = append(known, flag.Envs...)
		if isSecret(flag) {
			known = append(known, flag.Envs[0]+fileSuffix)
		}
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if upper := strings.ToUpper(name); strings.HasPrefix(upper, prefix) && !slices.Contains(known, name) &&
			!strings.Contains(name, "_PORT") && !strings.Contains(name, "_SERVICE_") {
			return fmt.Errorf("the environment variable %s is no setting; the nearest one is %s", name, nearest(known, upper))
		}
	}
	return nil
}

// nearest returns the name that was most likely meant: one that ends as the given one does (_URL), or else the
// one that takes the fewest changes.
func nearest(names []string, given string) string {
	end := strings.TrimPrefix(given, "ORDERGRAPH")
	distance := func(name string) int {
		if len(end) > 1 && strings.HasSuffix(name, end) {
			return 0
		}
		return levenshtein.ComputeDistance(given, name)
	}
	return slices.MinFunc(names, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
}

// check refuses combinations of settings, and values that only make sense as a whole. It never shows a secret.
func (c *config) check() error {
	for name, address := range map[string]string{"--listen": c.Serving.Listen, "--admin-listen": c.Serving.AdminListen} {
		_, port, err := net.SplitHostPort(address)
		if _, portErr := strconv.ParseUint(port, 10, 16); errors.Join(err, portErr) != nil && (address != off || name == "--listen") {
			return fmt.Errorf("%s: %.100q is not allowed, want host:port with a port from 0 to 65535", name, address)
		}
	}
	if !c.sandboxed() {
		address, err := url.Parse(c.Upstream.URL)
		switch {
		case err != nil, address.Scheme != "http" && address.Scheme != "https", address.Hostname() == "":
			return fmt.Errorf("--upstream-url: %.100q is not allowed, want an absolute http or https URL", withoutCredentials(c.Upstream.URL))
		case address.User != nil:
			return errors.New("--upstream-url: [redacted] is not allowed, want a URL without user name and password; the token goes into --upstream-token")
		}
	}
	if c.Sandbox.Orders != "" && !c.sandboxed() {
		return fmt.Errorf("--sandbox-orders: %.100q has no effect with --upstream-url, want one of them", c.Sandbox.Orders)
	}
	for _, origin := range c.Serving.CorsOrigins {
		if err := transport.CheckOrigin(origin); err != nil {
			return fmt.Errorf("--cors-origins: %.100q is not allowed, %w", origin, err)
		}
	}
	for name, secret := range map[string]upstream.Secret{"--upstream-token": c.Upstream.Token, "--router-secret": c.Access.RouterSecret} {
		if err := fitsHeader(secret); err != nil {
			return fmt.Errorf("%s: [redacted] is not allowed, %w", name, err)
		}
	}
	for i, token := range c.Access.ClientTokens {
		if err := cmp.Or(fitsHeader(token), transport.CheckClientToken(token)); err != nil {
			return fmt.Errorf("--client-tokens: token %d [redacted] is not allowed, %w", i+1, err)
		}
	}
	for _, name := range c.Access.ClientNames {
		if !clientName.MatchString(name) {
			return fmt.Errorf("--client-names: %.100q is not allowed, want 1 to 32 of A-Z a-z 0-9 . _ -", name)
		}
	}
	if len(c.Access.ClientNames) > maxClientNames {
		return fmt.Errorf("--client-names: %d names are not allowed, want at most %d", len(c.Access.ClientNames), maxClientNames)
	}
	if _, err := c.budgets(); err != nil {
		return err
	}
	if err := c.checkRedis(); err != nil {
		return err
	}
	service, open, tokens := c.Upstream.Token != "", c.Access.InsecureNoClientAuth, len(c.Access.ClientTokens) > 0
	switch {
	case !service && tokens:
		return errors.New("--client-tokens: [redacted] has no effect, want --upstream-token as well (service mode)")
	case !service && open:
		return errors.New("--insecure-no-client-auth: true has no effect, want --upstream-token as well (service mode)")
	case service && !tokens && !open:
		return errors.New("--client-tokens: empty is not allowed with --upstream-token, want tokens, or --insecure-no-client-auth to let everybody spend your points")
	case service && tokens && open:
		return errors.New("--insecure-no-client-auth: true is not allowed with --client-tokens, want one of them")
	case c.Operations.TrustedDocumentsOnly && c.Operations.TrustedDocuments == "":
		return errors.New("--trusted-documents-only: true is not allowed, want --trusted-documents as well")
	}
	return nil
}

const maxClientNames = 64

var clientName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)

func (c *config) checkRedis() error {
	if c.Redis.URL == "" {
		if c.Redis.EncryptionKey != "" {
			return errors.New("--redis-encryption-key: [redacted] has no effect, want --redis-url as well")
		}
		return nil
	}
	if err := rediscache.CheckURL(c.Redis.URL.Reveal()); err != nil {
		return fmt.Errorf("--redis-url: [redacted] is not allowed, %w", err)
	}
	if key, err := c.redisKey(); err != nil || len(key) != 32 && c.Redis.EncryptionKey != "" {
		return errors.New("--redis-encryption-key: [redacted] is not allowed, want 32 bytes in base64")
	}
	return nil
}

// redisKey returns the encryption key, which is empty where none is set.
func (c *config) redisKey() ([]byte, error) {
	return base64.StdEncoding.DecodeString(c.Redis.EncryptionKey.Reveal())
}

// fitsHeader returns an error for a secret that can't be the value of a header.
func fitsHeader(secret upstream.Secret) error {
	if strings.ContainsFunc(secret.Reveal(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("want a value that fits into a header, without control characters")
	}
	return nil
}

// withoutCredentials returns what of an address may be shown.
func withoutCredentials(text string) string {
	address, err := url.Parse(text)
	if err != nil || strings.Contains(text, "@") {
		return "[redacted]"
	}
	if address.RawQuery != "" {
		address.RawQuery = "[redacted]"
	}
	address.Fragment, address.RawFragment = "", ""
	return address.String()
}
