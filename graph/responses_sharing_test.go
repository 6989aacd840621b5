package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/httpapi"
	"ordergraph/graph/respcache"
	"ordergraph/upstream"
)

// slowExecution is a handler whose executions take a second, once their order is loaded.
type slowExecution struct {
	*testing.T
	http.Handler
	executed atomic.Int64
	// what becomes of the execution, by its number from 1 on; nil: an answer.
	fate func(number int64, response *graphql.Response)
	// freshFor is how long the order is fresh.
	freshFor time.Duration
}

// everything serves every copy.
type everything struct{}

func (everything) Serves(*upstream.Scope, []upstream.Copy) bool { return true }
func (everything) Tenant(scope *upstream.Scope) (named upstream.TenantHash) {
	copy(named[:], scope.Tenant.Reveal())
	return named
}

func executeSlowly(t *testing.T, test func(s *slowExecution)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &slowExecution{T: t, freshFor: time.Minute}
		schema := servedSchema()
		api, err := httpapi.NewHandler(httpapi.Options{
			RequestTimeout: 10 * time.Second,
			Responses:      responses{respcache.New[*httpapi.Whole](everything{}, 1<<20)},
			Executor: executor.New(&graphql.ExecutableSchemaMock{
				SchemaFunc:     func() *ast.Schema { return schema },
				ComplexityFunc: func(context.Context, string, string, int, map[string]any) (int, bool) { return 0, false },
				ExecFunc: func(ctx context.Context) graphql.ResponseHandler {
					upstream.ScopeFrom(ctx).Shown.NoteResult(upstream.Key{ID: 1}, upstream.Result{
						Order: &upstream.Order{}, Copy: 1, FreshUntil: time.Now().Add(s.freshFor),
					})
					return s.respond
				},
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Handler = api
		test(s)
	})
}

func (s *slowExecution) respond(ctx context.Context) *graphql.Response {
	number := s.executed.Add(1)
	time.Sleep(time.Second)
	if ctx.Err() != nil {
		return nil
	}
	response := &graphql.Response{Data: json.RawMessage(fmt.Sprintf(`{"execution":%d}`, number))}
	if s.fate != nil {
		s.fate(number, response)
	}
	return response
}

// ask asks in another goroutine, and returns a function that waits for the status and body.
func (s *slowExecution) ask(ctx context.Context, body string) func() string {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		s.ServeHTTP(w, r)
		close(done)
	}()
	synctest.Wait()
	return func() string {
		<-done
		return fmt.Sprint(w.Code, " ", w.Body.String())
	}
}

func (s *slowExecution) expect(answer func() string, want string) {
	s.Helper()
	if got := answer(); !strings.Contains(got, want) {
		s.Errorf("got %s, want %s", got, want)
	}
}

const sharedQuery = `{"query":"{order(id:1){id}}"}`

func TestExecutionsAreShared(t *testing.T) {
	executeSlowly(t, func(s *slowExecution) {
		start := time.Now()
		answers := []func() string{s.ask(s.Context(), sharedQuery), s.ask(s.Context(), sharedQuery), s.ask(s.Context(), sharedQuery+" ")}
		other := s.ask(s.Context(), `{"query":"{order(id:2){id}}"}`)
		for _, answer := range answers {
			s.expect(answer, `200 {"data":{"execution":1},"extensions":{"upstream":{"calls":0,"points":0,"hits":0,"stale":0}}}`)
		}
		s.expect(other, `{"execution":2}`)
		if took := time.Since(start); took != time.Second || s.executed.Load() != 2 {
			t.Errorf("%d executions took %v", s.executed.Load(), took)
		}
	})
}

func TestFateOfALeader(t *testing.T) {
	for name, fate := range map[string]func(*graphql.Response){
		"a panic":  func(*graphql.Response) { panic("a fault") },
		"an error": func(r *graphql.Response) { r.Errors = append(r.Errors, gqlerror.Wrap(badInput("wrong"))) },
	} {
		t.Run(name, func(t *testing.T) {
			executeSlowly(t, func(s *slowExecution) {
				s.fate = func(number int64, response *graphql.Response) {
					if number == 1 {
						fate(response)
					}
				}
				start := time.Now()
				first, second, third := s.ask(s.Context(), sharedQuery), s.ask(s.Context(), sharedQuery), s.ask(s.Context(), sharedQuery)
				s.expect(first, `"errors":`)
				s.expect(second, `200 {"data":{"execution":`)
				s.expect(third, `200 {"data":{"execution":`)
				if took := time.Since(start); took != 2*time.Second {
					t.Errorf("took %v: those who waited execute all at once", took)
				}
			})
		})
	}
	t.Run("it hangs up", func(t *testing.T) {
		executeSlowly(t, func(s *slowExecution) {
			ctx, cancel := context.WithCancel(s.Context())
			first, second := s.ask(ctx, sharedQuery), s.ask(s.Context(), sharedQuery)
			cancel()
			first()
			s.expect(second, `200 {"data":{"execution":2}`)
		})
	})
	t.Run("its order is never fresh", func(t *testing.T) {
		executeSlowly(t, func(s *slowExecution) {
			s.freshFor = 0
			start := time.Now()
			first, second := s.ask(s.Context(), sharedQuery), s.ask(s.Context(), sharedQuery)
			first()
			s.expect(second, `{"execution":2}`)
			if took := time.Since(start); took != time.Second {
				t.Errorf("took %v: nobody waits for what won't be kept", took)
			}
		})
	})
}

func TestFollowersHaveTheirOwnTime(t *testing.T) {
	executeSlowly(t, func(s *slowExecution) {
		start := time.Now()
		first := s.ask(s.Context(), sharedQuery)
		ctx, cancel := context.WithCancel(s.Context())
		second := s.ask(ctx, sharedQuery)
		cancel()
		second()
		if took := time.Since(start); took != 0 {
			t.Errorf("it waited %v after it had hung up", took)
		}
		s.expect(first, `{"execution":1}`)
	})
}

// TestSharedCallsAreCountedOnce: however many ask at once, the bills add up to the calls.
func TestSharedCallsAreCountedOnce(t *testing.T) {
	withResponses(t, func(b *responseBench) {
		b.upstream.answer = func(ctx context.Context, request upstream.Request) (upstream.Result, error) {
			time.Sleep(time.Second)
			return b.answer(ctx, request)
		}
		for _, failing := range []bool{false, true} {
			if failing {
				b.fail = &upstream.Error{Kind: upstream.KindUpstreamError, Cause: context.Canceled}
			}
			start, before := time.Now(), len(b.upstream.calls())
			var waits []func() *httptest.ResponseRecorder
			for i := range 10 {
				answers := make(chan *httptest.ResponseRecorder, 1)
				go func() { answers <- b.ask(fmt.Sprintf(`{order(id:%d){id}}%s`, 1+before, strings.Repeat(" ", i%3))) }()
				waits = append(waits, func() *httptest.ResponseRecorder { return <-answers })
			}
			billed := 0
			for _, wait := range waits {
				answer := wait()
				var body struct {
					Extensions struct{ Upstream upstream.Counts }
				}
				if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(answer.Body.String(), `"errors"`) != failing {
					t.Errorf("%s", answer.Body)
				}
				billed += body.Extensions.Upstream.Calls
			}
			if calls := len(b.upstream.calls()) - before; calls != 1 || billed != 1 || time.Since(start) != time.Second {
				t.Errorf("failing %v: %d calls, %d billed, after %v; want one, after a second", failing, calls, billed, time.Since(start))
			}
		}
	})
}
