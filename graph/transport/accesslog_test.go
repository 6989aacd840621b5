package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/scope"
	"ordergraph/graph/jsonlog"
	"ordergraph/upstream"
)

// logged is what the log says about requests. It may be written by calls that outlive theirs.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

// loggedRequest is what the tests compare of a line.
type loggedRequest struct {
	Status   int     `json:"status"`
	Calls    int     `json:"calls"`
	Points   int     `json:"points"`
	Duration float64 `json:"duration_ms"`
}

func (l *logged) requests(t *testing.T) []loggedRequest {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []loggedRequest
	for decoder := json.NewDecoder(strings.NewReader(l.text.String())); ; {
		var line loggedRequest
		switch err := decoder.Decode(&line); err {
		case nil:
			list = append(list, line)
		case io.EOF:
			return list
		default:
			t.Fatal(err)
		}
	}
}

// startCall starts a call as the cache does: it is written after a while, and ends at last, whatever
// becomes of its request.
func startCall(ctx context.Context, points int, written, ends time.Duration) {
	usage := &scope.From(ctx).Meter
	if !usage.CallStarted() {
		return
	}
	go func() {
		defer usage.CallEnded()
		time.Sleep(written)
		usage.Add(upstream.Usage{Calls: 1})
		time.Sleep(ends - written)
		usage.Add(upstream.Usage{Points: points})
	}()
}

func awaitDeadline(ctx context.Context) { time.Sleep(time.Until(scope.From(ctx).Deadline)) }

// The calls of each request are in its one line, however the request ended, and what is known when
// it is answered is in the answer.
func TestCallsThatOutliveTheirRequest(t *testing.T) {
	calls := func(ctx context.Context) {
		startCall(ctx, 2, 0, 3*time.Second)
		startCall(ctx, 3, 2*time.Second, 4*time.Second)
	}
	for name, test := range map[string]struct {
		hangUp bool
		exec   exec
		status int
		shown  string // extensions.upstream
	}{
		"hung up": {true, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			calls(ctx)
			<-ctx.Done()
			return nil
		}, StatusClientGone, ""},
		"timed out": {false, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			calls(ctx)
			awaitDeadline(ctx)
			late := &gqlerror.Error{Message: "late", Extensions: map[string]any{"code": codes.RequestTimeout}}
			return &graphql.Response{Data: json.RawMessage(`{"wide":null}`), Errors: gqlerror.List{late}}
		}, http.StatusGatewayTimeout, `{"calls":1,"hits":0,"points":0,"stale":0}`},
		"answered": {false, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			calls(ctx)
			awaitDeadline(ctx)
			return &graphql.Response{Data: json.RawMessage(`{}`)}
		}, http.StatusOK, `{"calls":1,"hits":0,"points":0,"stale":0}`},
		"panicked": {false, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
			calls(ctx)
			awaitDeadline(ctx)
			panic("no")
		}, http.StatusInternalServerError, `{"calls":1,"hits":0,"points":0,"stale":0}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &logged{}
				handler := serve(t, Options{
					RequestTimeout: time.Second,
					Log:            jsonlog.NewLogger(log, zerolog.InfoLevel, false),
				}, test.exec)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.hangUp {
					time.AfterFunc(time.Second/2, cancel)
				}
				got := send(t, handler, post(query(`{wide}`)).WithContext(ctx))
				shown, _ := json.Marshal(got.body.Extensions["upstream"])
				if want := test.shown; want != "" && string(shown) != want {
					t.Errorf("%d %s, want the counts %s", got.Code, got.Body, want)
				}
				time.Sleep(2 * time.Second)
				synctest.Wait()
				for _, line := range log.requests(t) {
					if line.Status > 0 { // a panic has a line of its own
						t.Errorf("%+v is logged while its calls are under way", line)
					}
				}
				time.Sleep(2 * time.Second)
				synctest.Wait()
				lines := log.requests(t)
				last := lines[len(lines)-1]
				if last.Status != test.status || last.Calls != 2 || last.Points != 5 {
					t.Errorf("the log says %+v, want %d with 2 calls and 5 points", lines, test.status)
				}
				if last.Duration > 1000 {
					t.Errorf("the duration %v is that of the calls, want that of the request", last.Duration)
				}
			})
		})
	}
}

// Whatever was executed says what it cost, also where nothing can be shown; what was not has cost
// nothing.
func TestEverythingExecutedShowsItsCost(t *testing.T) {
	exhausted := func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
		scope.From(ctx).Meter.Add(upstream.Usage{Calls: 1, Points: 2})
		return nil
	}
	busy := &gqlerror.Error{Message: "busy", Extensions: map[string]any{"code": codes.Overloaded}}
	for name, test := range map[string]struct {
		exec exec
		body string
		want bool
	}{
		"no data":    {exhausted, query(`{wide}`), true},
		"overloaded": {answerErrors(`{"order":null}`, busy), query(`{wide}`), true},
		"null":       {answerData(`null`), query(`{wide}`), true},
		"validation": {nil, query(`{no}`), false},
		"syntax":     {nil, query(`{`), false},
		"body":       {nil, `{`, false},
	} {
		got := send(t, serve(t, Options{}, test.exec), post(test.body))
		if _, shown := got.body.Extensions["upstream"]; shown != test.want {
			t.Errorf("%s: %s", name, got.Body)
		}
	}
}

// A request whose line is written must start no further call: it would be in no line.
func TestNoCallStartsAfterTheLine(t *testing.T) {
	var usage upstream.Meter
	lines := 0
	usage.Close(func(upstream.Usage) { lines++ })
	if usage.CallStarted() || lines != 1 {
		t.Errorf("a call may start; %d lines", lines)
	}
}

// TestSlowRequest has requests that take a second, one of them at a server that calls that slow.
func TestSlowRequest(t *testing.T) {
	for limit, want := range map[time.Duration]map[string]any{
		0:                    {"level": "INFO"},
		time.Second + 1:      {"level": "INFO"},
		time.Second:          {"level": "WARN", "upstream_ms": 300.0, "wait_ms": 400.0},
		time.Millisecond:     {"level": "WARN", "upstream_ms": 300.0, "wait_ms": 400.0},
		365 * 24 * time.Hour: {"level": "INFO"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			handler := serve(t, Options{Log: jsonlog.NewLogger(&log, zerolog.InfoLevel, false), SlowRequest: limit}, func(ctx context.Context, _ *graphql.OperationContext) *graphql.Response {
				time.Sleep(time.Second)
				scope.From(ctx).Slowest.Add(100*time.Millisecond, 300*time.Millisecond)
				scope.From(ctx).Slowest.Add(400*time.Millisecond, 200*time.Millisecond)
				return &graphql.Response{Data: json.RawMessage(`{}`)}
			})
			send(t, handler, post(query(`{wide}`)))
			var line map[string]any
			if err := json.Unmarshal(log.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			for _, field := range []string{"level", "upstream_ms", "wait_ms"} {
				if line[field] != want[field] {
					t.Errorf("above %v slow: %s is %v, want %v", limit, field, line[field], want[field])
				}
			}
		})
	}
}

func TestSourceOf(t *testing.T) {
	for want, sources := range map[string][]upstream.Source{
		"": nil, "call": {upstream.SourceCall, upstream.SourceCall}, "response": {upstream.SourceResponse}, "mixed": {upstream.SourceFailed, upstream.SourceRedis},
	} {
		var tally scope.Tally
		for _, source := range sources {
			tally.Orders[source]++
		}
		if got := tally.Source(); got != want {
			t.Errorf("%v: %q, want %q", sources, got, want)
		}
	}
}
