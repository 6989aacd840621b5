package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordergraph/upstream"
)

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
					Extensions struct{ Upstream upstream.Usage }
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
