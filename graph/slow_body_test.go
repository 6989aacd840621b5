package graph_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ordergraph/graph"
	"ordergraph/upstream"
	"ordergraph/upstream/cache"
)

// pause is an empty part of a body that takes its time.
type pause time.Duration

func (p pause) Read([]byte) (int, error) {
	time.Sleep(time.Duration(p))
	return 0, io.EOF
}

// A refusal that is learnt while a body arrives hides copies and stored responses from its request.
func TestSlowBodyEvadesNoRefusal(t *testing.T) {
	for name, responseBytes := range map[string]int64{"executed": 0, "stored responses": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var denied atomic.Bool
				orders, err := cache.New(upstreamFunc(func(_ context.Context, request upstream.Request) (upstream.Result, error) {
					if denied.Load() {
						return upstream.Result{}, &upstream.Error{Kind: upstream.KindPermissionDenied, Status: 204}
					}
					return slowOrders{}.Order(t.Context(), request)
				}), cache.Options{Size: 1 << 20, TTL: time.Hour})
				if err != nil {
					t.Fatal(err)
				}
				defer orders.Close()
				handler := newHandler(t, graph.Options{Orders: orders, ResponseCacheSize: responseBytes})
				const query = `{order(id:1){id}}`
				for range 2 {
					if got, _ := postTo(t, handler, query); !strings.Contains(got.Body.String(), `"id":"1"`) {
						t.Fatalf("%s", got.Body)
					}
				}
				text := string(requestBody(t, query, ""))
				slow := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql",
					io.MultiReader(strings.NewReader(text[:9]), pause(12*time.Second), strings.NewReader(text[9:])))
				slow.Header.Set("Content-Type", "application/json")
				slow.ContentLength = int64(len(text))
				recorder := httptest.NewRecorder()
				done := make(chan struct{})
				go func() { defer close(done); handler.ServeHTTP(recorder, slow) }()
				time.Sleep(time.Second)
				denied.Store(true)
				postTo(t, handler, `{order(id:2){id}}`)
				<-done
				if got := recorder.Body.String(); !strings.Contains(got, `{"order":null}`) || !strings.Contains(got, "PERMISSION_DENIED") {
					t.Errorf("a request that was complete eleven seconds after the refusal got %s", got)
				}
			})
		})
	}
}
