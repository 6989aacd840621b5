package transport

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// TestLargeAnswers wants an answer that is sent piece by piece to be the same as a small one.
func TestLargeAnswers(t *testing.T) {
	for _, size := range []int{10, smallestCompressed, largestBuffered - 20, largestBuffered, largestBuffered + 1, 3 << 20} {
		data := `{"wide":"` + strings.Repeat("1", size) + `"}`
		failed := &gqlerror.Error{Message: "m", Extensions: map[string]any{"code": "UPSTREAM_ERROR"}}
		handler := serve(t, Options{}, answerErrors(data, failed))
		got := send(t, handler, post(query(`{wide}`)))
		if got.Code != http.StatusOK || string(got.body.Data) != data || got.code() != "UPSTREAM_ERROR" || got.body.Extensions["upstream"] == nil {
			t.Errorf("%d bytes: %d %.100s", size, got.Code, got.Body)
		}
		if length := got.Header().Get("Content-Length"); length != fmt.Sprint(got.Body.Len()) {
			t.Errorf("%d bytes: the length is %s, want %d", size, length, got.Body.Len())
		}
		compressed := send(t, handler, post(query(`{wide}`), "Accept-Encoding", "gzip", "X-Request-Id", got.Header().Get("X-Request-Id")))
		if size < smallestCompressed {
			continue
		}
		reader, err := gzip.NewReader(compressed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(reader); err != nil || string(plain) != got.Body.String() || compressed.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%d bytes, compressed: %.100s, %v", size, plain, err)
		}
	}
}

func TestErrorsOfAnAnswerAreBounded(t *testing.T) {
	var list gqlerror.List
	for i := range 100 {
		list = append(list, &gqlerror.Error{
			Message: fmt.Sprint(i), Path: nil, Extensions: map[string]any{"code": "UPSTREAM_BAD_DATA"},
		})
	}
	got := send(t, serve(t, Options{MaxErrors: 3000}, answerErrors(`{"wide":"x"}`, list...)), post(query(`{wide}`)))
	encoded, _ := json.Marshal(got.body.Errors)
	last := got.body.Errors[len(got.body.Errors)-1]
	listed := len(got.body.Errors) - 1
	if got.Body.Len() > 3500 || listed < 10 || last.Message != fmt.Sprint(100-listed, " more errors are not shown.") || last.Extensions["code"] != "UPSTREAM_BAD_DATA" {
		t.Errorf("%d bytes, %s", got.Body.Len(), encoded)
	}
	if string(got.body.Data) != `{"wide":"x"}` {
		t.Errorf("data %s", got.body.Data)
	}
}
