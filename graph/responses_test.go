package graph

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/graph/limits"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
	"ordergraph/upstream/cache"
)

// responseBench is the whole way from HTTP to an upstream that counts, in virtual time.
type responseBench struct {
	*testing.T
	handler  http.Handler
	upstream *fakeOrders
	// executed counts what reaches the order cache.
	executed atomic.Int64
	fail     error
	missing  upstream.OrderID
}

// countedOrders stands in front of the order cache.
type countedOrders struct {
	*cache.Cache
	bench *responseBench
}

func (o countedOrders) Order(ctx context.Context, request upstream.Request) (upstream.Result, error) {
	o.bench.executed.Add(1)
	return o.Cache.Order(ctx, request)
}

func (o countedOrders) Peek(request upstream.Request) (upstream.Result, bool) {
	result, found := o.Cache.Peek(request)
	if found {
		o.bench.executed.Add(1)
	}
	return result, found
}

func withResponses(t *testing.T, test func(b *responseBench)) {
	t.Helper()
	withResponsesOf(t, Options{}, test)
}

// withResponsesOf adds to the options what every bench has.
func withResponsesOf(t *testing.T, options Options, test func(b *responseBench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &responseBench{T: t}
		b.upstream = &fakeOrders{answer: b.answer}
		orders, err := cache.New(b.upstream, cache.Options{Size: 1 << 20, TTL: 30 * time.Second, StaleIfError: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		defer orders.Close()
		options.SDL, options.Orders, options.ResponseCacheSize = "type Query{a:Int}", countedOrders{orders, b}, 1<<20
		b.handler, err = NewHandler(options)
		if err != nil {
			t.Fatal(err)
		}
		test(b)
	})
}

// answer brings an order whose note tells which call it was.
func (b *responseBench) answer(_ context.Context, request upstream.Request) (upstream.Result, error) {
	request.Meter.Add(upstream.Usage{Calls: 1, Points: 2})
	if b.fail != nil {
		return upstream.Result{}, b.fail
	}
	if request.Key.ID == b.missing {
		return upstream.Result{}, nil
	}
	body := fmt.Appendf(nil, `{"data":{"result":{"base_info":{"status":"waitbuyerpay","remark":"call %d"}}}}`, len(b.upstream.calls()))
	decoded, err := upstream.DecodeAnswer(body, request.Key, time.Now())
	return upstream.Result{Order: decoded.Order, Held: request.Needs, Body: body, FetchedAt: time.Now()}, err
}

// ask sends a query. header are pairs.
func (b *responseBench) ask(query string, header ...string) *httptest.ResponseRecorder {
	b.Helper()
	return b.post(`{"query":`+strconv.Quote(query)+`}`, header...)
}

func (b *responseBench) post(body string, header ...string) *httptest.ResponseRecorder {
	b.Helper()
	return b.send(httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body)), header)
}

func (b *responseBench) get(query url.Values, header ...string) *httptest.ResponseRecorder {
	b.Helper()
	return b.send(httptest.NewRequest(http.MethodGet, "/graphql?"+query.Encode(), nil), header)
}

func (b *responseBench) send(r *http.Request, header []string) *httptest.ResponseRecorder {
	b.Helper()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer me")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// expect compares a body, and how many orders were asked for in executing.
func (b *responseBench) expect(got *httptest.ResponseRecorder, want string, executed int64) {
	b.Helper()
	body, asked := strings.TrimSpace(got.Body.String()), b.executed.Swap(0)
	if !strings.Contains(body, want) || asked != executed {
		b.Errorf("got %s and %d orders asked for, want %s and %d", body, asked, want, executed)
	}
}

func counted(calls, points, hits, stale int) string {
	return fmt.Sprintf(`"extensions":{"upstream":{"calls":%d,"points":%d,"hits":%d,"stale":%d}}}`, calls, points, hits, stale)
}

const (
	oneOrder  = `query One{order(id:1){id orderNote}}`
	twoOrders = `{a:order(id:1){orderNote} b:order(id:"1"){id} orders(ids:[1,2]){id}}`
)

// However a query is written and sent, it is one operation, whose answer is known.
func TestStoredResponseOfAnOperation(t *testing.T) {
	withResponses(t, func(b *responseBench) {
		const document = `query One($id:ID!){order(id:$id){id orderNote}}`
		hash := sha256.Sum256([]byte(document))
		automatic := fmt.Sprintf(`"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%x"}}`, hash)
		variables := `"variables":{"id":"1"}`
		b.expect(b.post(`{"query":"`+document+`",`+variables+`}`), `call 1`, 1)
		for range 2 {
			for _, body := range []string{
				`{"query":"` + document + `",` + variables + `}` + "\n",
				`{` + variables + `,"query":"` + document + `"}`,
				`{"operationName":"One","query":"` + document + `",` + variables + `,"extensions":{}}`,
				`{"query":"# a comment\n` + strings.ReplaceAll(document, `{`, ` { , `) + `",` + variables + `}`,
				`{"query":"` + document + `",` + variables + `,` + automatic + `}`,
				`{` + automatic + `,` + variables + `}`,
				`{"query":"` + document + `","variables":{"other":{},"id":"1"}}`,
			} {
				b.expect(b.post(body), `call 1`, 0)
			}
			query := url.Values{"query": {document}, "variables": {`{"id":"1"}`}}
			b.expect(b.get(query), `call 1`, 0)
			query.Set("utm", "x")
			b.expect(b.get(query), `call 1`, 0)
		}
		b.expect(b.post(`{"query":"`+document+`","variables":{"id":"2"}}`), `call 2`, 1)
		b.expect(b.post(`{"query":"`+document+`",`+variables+`}`, "Authorization", "Bearer you"), `call 3`, 1)
		b.expect(b.post(`{"query":"`+document+`",`+variables+`} `, "Authorization", "Bearer you"), `call 3`, 0)
		b.expect(b.post(`{"query":"`+document+`",`+variables+`} `, "Cache-Control", "no-cache"), `call 4`, 1)
		b.expect(b.post(`{"query":"`+document+`",`+variables+`}  `), `call 4`, 0)
	})
}

func TestStoredResponseCounts(t *testing.T) {
	withResponses(t, func(b *responseBench) {
		b.expect(b.ask(twoOrders), counted(2, 4, 0, 0), 2)
		time.Sleep(9500 * time.Millisecond)
		hit := b.ask(twoOrders, "X-Request-Id", "mine")
		b.expect(hit, counted(0, 0, 2, 0), 0)
		if hit.Header().Get("Cache-Control") != "private, max-age=20" || hit.Header().Get("X-Request-Id") != "mine" {
			t.Errorf("%v", hit.Header())
		}
		time.Sleep(20500 * time.Millisecond)
		b.expect(b.ask(twoOrders), counted(2, 4, 0, 0), 2)
	})
}

func TestStoredResponseIsNoOlderThanMaxAge(t *testing.T) {
	withResponses(t, func(b *responseBench) {
		b.expect(b.ask(oneOrder), `call 1`, 1)
		time.Sleep(5 * time.Second)
		b.expect(b.ask(oneOrder, "Cache-Control", "max-age=5"), `call 1`, 0)
		time.Sleep(time.Second)
		b.expect(b.ask(oneOrder, "Cache-Control", "max-age=5, only-if-cached"), `"calls":0,"points":0,"hits":0`, 1)
		b.expect(b.ask(oneOrder, "Cache-Control", "only-if-cached"), `"calls":0,"points":0,"hits":1`, 1)
		b.expect(b.ask(oneOrder, "Cache-Control", "max-age=5"), `call 2`, 1)
		b.expect(b.ask(oneOrder), `call 2`, 0)
		time.Sleep(31 * time.Second)
		b.expect(b.ask(oneOrder, "Cache-Control", "max-stale=10"), `"calls":0,"points":0,"hits":1,"stale":1`, 1)
		b.expect(b.ask(oneOrder), `call 3`, 1)
	})
}

func TestStoredResponseIsItsCallers(t *testing.T) {
	withResponses(t, func(b *responseBench) {
		b.expect(b.ask(oneOrder), `call 1`, 1)
		b.expect(b.ask(oneOrder, "Authorization", "Bearer you"), `call 2`, 1)
		b.expect(b.ask(oneOrder, "Authorization", "bearer me"), `call 3`, 1)
		b.expect(b.ask(oneOrder), `call 1`, 0)
		b.expect(b.ask(oneOrder, "Authorization", "Bearer you"), `call 2`, 0)
	})
}

func TestStoredResponseGivesWayToNewerCopies(t *testing.T) {
	for name, refetch := range map[string]func(b *responseBench){
		"no-cache, the same query": func(b *responseBench) { b.ask(oneOrder, "Cache-Control", "no-cache") },
		"no-cache, another query":  func(b *responseBench) { b.ask(`{order(id:1){status}}`, "Cache-Control", "no-cache") },
		"more domains":             func(b *responseBench) { b.ask(`{order(id:1){invoice{title}}}`) },
	} {
		t.Run(name, func(t *testing.T) {
			withResponses(t, func(b *responseBench) {
				b.ask(oneOrder)
				b.executed.Store(0)
				b.expect(b.ask(oneOrder), `call 1`, 0)
				refetch(b)
				b.executed.Store(0)
				if got := b.ask(oneOrder).Body.String(); !strings.Contains(got, `call 2`) {
					t.Errorf("got %s, want what call 2 brought", got)
				}
				b.executed.Store(0)
				b.expect(b.ask(oneOrder), `call 2`, 0)
			})
		})
	}
}

func TestStoredResponseHiddenByRefusals(t *testing.T) {
	for _, test := range []struct {
		kind   upstream.Kind
		order  string
		hidden bool
	}{
		{upstream.KindPermissionDenied, "3", true},
		{upstream.KindPermissionOrQuota, "3", true},
		{upstream.KindShopNotAuthorized, "3", true},
		{upstream.KindAccountNotFound, "3", false},
		{upstream.KindAccountNotFound, "1", true},
		{upstream.KindQuotaExhausted, "3", false},
	} {
		t.Run(test.kind.String()+" "+test.order, func(t *testing.T) {
			withResponses(t, func(b *responseBench) {
				b.ask(oneOrder)
				b.ask(oneOrder, "Authorization", "Bearer you")
				b.fail = &upstream.Error{Kind: test.kind, Cause: errors.New("cause")}
				time.Sleep(time.Second)
				b.ask(`{order(id:`+test.order+`){invoice{title}}}`, "Cache-Control", "no-cache")
				time.Sleep(time.Second)
				b.executed.Store(0)
				if test.hidden {
					b.expect(b.ask(oneOrder), `"data":{"order":null}`, 1)
				} else {
					b.expect(b.ask(oneOrder), `call 1`, 0)
				}
				b.expect(b.ask(oneOrder, "Authorization", "Bearer you"), `call 2`, 0)
			})
		})
	}
}

// What a trusted router was answered is not for others, however they ask.
func TestStoredResponsesOfTrustedRouters(t *testing.T) {
	withResponsesOf(t, Options{RouterSecret: "secret", NoIntrospection: true}, func(b *responseBench) {
		for query, refusal := range map[string]string{
			`{_entities(representations:[{__typename:"Order",webSite:CN_1688,id:"1"}]){...on Order{orderNote}}}`: `UNAUTHENTICATED`,
			`{_service{sdl} order(id:1){orderNote}}`:             `UNAUTHENTICATED`,
			`{__schema{queryType{name}} order(id:1){orderNote}}`: `Introspection is turned off here`,
		} {
			for _, spelling := range []string{"", " ", "\n", ","} {
				asked := int64(0)
				if spelling == "" {
					asked = 1
				}
				b.expect(b.ask(query+spelling, "X-Router-Secret", "secret"), `"orderNote":"call 1"`, asked)
				for _, header := range [][]string{{}, {"X-Router-Secret", "Secret"}, {"X-Router-Secret", ""}} {
					if got := b.ask(query+spelling, header...).Body.String(); !strings.Contains(got, refusal) {
						b.Errorf("%s with %v: %s", query, header, got)
					}
					b.executed.Store(0)
				}
			}
		}
	})
}

// Whoever is refused by the limits is refused though the operation is known.
func TestStoredResponsesDontLiftLimits(t *testing.T) {
	withResponsesOf(t, Options{Limits: limits.Limits{Tokens: 20}, HTTP: transport.Options{MaxBody: 200, RateLimit: 2}}, func(b *responseBench) {
		b.expect(b.ask(oneOrder), `call 1`, 1)
		b.expect(b.ask(oneOrder+strings.Repeat(" ", 200)), `max-body`, 0)
		b.expect(b.ask(oneOrder), `RATE_LIMITED`, 0)
		time.Sleep(time.Second)
		b.expect(b.ask(oneOrder), `call 1`, 0)
		b.expect(b.ask(oneOrder+` fragment F on Order{a:id b:id c:id d:id}`), `max-tokens`, 0)
	})
}

func TestWhatIsNoStoredResponse(t *testing.T) {
	for name, query := range map[string]string{
		"no order":        `{__typename}`,
		"introspection":   `{__schema{queryType{name}}}`,
		"the schema":      `{_service{sdl}}`,
		"one is missing":  `{orders(ids:[1,404]){id}}`,
		"one is no order": `{orders(ids:["1","01"]){id}}`,
	} {
		t.Run(name, func(t *testing.T) {
			withResponses(t, func(b *responseBench) {
				b.missing = 404
				first := b.ask(query)
				asked := b.executed.Load()
				b.executed.Store(0)
				second := b.ask(query)
				b.expect(second, "", asked)
				if strings.Contains(second.Body.String(), `"errors"`) != strings.Contains(first.Body.String(), `"errors"`) {
					t.Errorf("got %s after %s", second.Body, first.Body)
				}
			})
		})
	}
	t.Run("a stale one", func(t *testing.T) {
		withResponses(t, func(b *responseBench) {
			b.ask(oneOrder)
			time.Sleep(time.Minute)
			b.fail = &upstream.Error{Kind: upstream.KindUnavailable, Outage: true, Cause: errors.New("cause")}
			b.executed.Store(0)
			b.expect(b.ask(oneOrder), counted(1, 2, 1, 1), 1)
			b.expect(b.ask(oneOrder), `"stale":1`, 1)
		})
	})
}

// A request that leaves its document under a hash does so each time: the document may have been
// forgotten.
func TestDocumentsAreRegisteredAgain(t *testing.T) {
	withResponses(t, func(b *responseBench) {
		const document = `{order(id:1){id}}`
		extension := fmt.Sprintf(`"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%x"}}`, sha256.Sum256([]byte(document)))
		registering := `{"query":"` + document + `",` + extension + `}`
		b.expect(b.post(registering), `{"order":{"id":"1"}}`, 1)
		for i := range 2 {
			for j := range 45 {
				text := fmt.Sprintf(`{__typename}#%d %d %s`, i, j, strings.Repeat("x", 200<<10))
				b.post(fmt.Sprintf(`{"query":%q,"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%x"}}}`, text, sha256.Sum256([]byte(text))))
			}
			b.expect(b.post(`{`+extension+`}`), `PERSISTED_QUERY_NOT_FOUND`, 0)
			b.expect(b.post(registering), `{"order":{"id":"1"}}`, 0)
			b.expect(b.post(`{`+extension+`} `+strings.Repeat(" ", i)), `{"order":{"id":"1"}}`, 0)
		}
	})
}

func TestResponsesNeedCopies(t *testing.T) {
	if _, err := NewHandler(Options{SDL: "type Query{a:Int}", Orders: &fakeOrders{}, ResponseCacheSize: 1}); !errors.Is(err, errNoCopies) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkStoredResponse measures a hit: the documented order, 40 fields.
func BenchmarkStoredResponse(b *testing.B) {
	body := readText(b, "../upstream/sandbox/fixtures/01_documented_sample.json")
	result := upstream.Result{
		Order: decodedOrder(b, 58218860983545941, body), Body: []byte(body), Held: upstream.Needs{Domains: upstream.DomainNativeLogistics},
	}
	orders, err := cache.New(immediate{result}, cache.Options{Size: 64 << 20, TTL: time.Hour, TTLClosed: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	defer orders.Close()
	for name, size := range map[string]int64{"kept": 64 << 20, "executed": 0} {
		b.Run(name, func(b *testing.B) {
			handler, err := NewHandler(Options{SDL: "type Query{a:Int}", Orders: orders, ResponseCacheSize: size})
			if err != nil {
				b.Fatal(err)
			}
			body := `{"query":` + strconv.Quote(fortyFields) + `,"variables":{"id":"58218860983545941"}}`
			reader := strings.NewReader(body)
			r := httptest.NewRequest(http.MethodPost, "/graphql", io.NopCloser(reader))
			r.ContentLength = int64(len(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer token")
			b.ReportAllocs()
			for b.Loop() {
				reader.Reset(body)
				w := discardedAnswer{header: http.Header{}}
				handler.ServeHTTP(&w, r)
				if w.status != http.StatusOK {
					b.Fatal(w.status)
				}
			}
		})
	}
}

// discardedAnswer is a ResponseWriter that costs next to nothing.
type discardedAnswer struct {
	header http.Header
	status int
}

func (w *discardedAnswer) Header() http.Header              { return w.header }
func (w *discardedAnswer) WriteHeader(status int)           { w.status = status }
func (w *discardedAnswer) Write(body []byte) (int, error)   { return len(body), nil }
func (w *discardedAnswer) SetReadDeadline(time.Time) error  { return nil }
func (w *discardedAnswer) SetWriteDeadline(time.Time) error { return nil }
