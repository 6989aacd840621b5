package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ordergraph/graph"
	"ordergraph/upstream/client"
)

// wireOrder returns the result of an answer in which everything that leads to a row is there, and the row
// itself has a value: lists have one element.
func wireOrder(row fieldRow, lists map[string]bool, value any) map[string]any {
	names := strings.Split(row.upstreamPath, ".")
	for i := len(names) - 1; i > 0; i-- {
		if path := strings.Join(names[:i+1], "."); lists[path] && path != row.upstreamPath {
			value = []any{value}
		}
		value = map[string]any{names[i]: value}
	}
	result := value.(map[string]any)
	base, _ := result["base_info"].(map[string]any)
	if base == nil {
		base = map[string]any{}
		result["base_info"] = base
	}
	base["id_of_str"] = "1"
	if row.path != "Order.createdAt" {
		base["create_time"] = "20170913231708000-0700"
	}
	return result
}

// answering returns a handler whose upstream answers every order with what body returns.
func answering(t *testing.T, body func() []byte) http.Handler {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := w.Write(body()); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	endpoint, err := client.New(client.Options{URL: server.URL, AllowAnonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(endpoint.Close)
	return newHandler(t, graph.Options{Orders: endpoint})
}

// badPath is a path of a response with its code.
type badPath struct {
	code string
	path string
}

// asked returns the data of order and the places of the errors that a handler answers a query with.
func asked(t *testing.T, handler http.Handler, query string) (order any, errors []badPath) {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(requestBody(t, query, "")))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	body, err := io.ReadAll(recorder.Body)
	if err != nil {
		t.Fatal(err)
	}
	response := readJSON(t, body)
	list, _ := response["errors"].([]any)
	for _, problem := range list {
		path := strings.Trim(fmt.Sprint(at(problem, "path")), "[]")
		errors = append(errors, badPath{code: text(at(problem, "extensions", "code")), path: path})
	}
	return at(response, "data", "order"), errors
}

// TestEachFieldReportsAMalformedValue sends a malformed value for each row of fields.tsv. It must be null,
// with an error at its place and no other; the rest of the order is there.
func TestEachFieldReportsAMalformedValue(t *testing.T) {
	var result any
	handler := answering(t, func() []byte {
		body, err := json.Marshal(map[string]any{"status": 0, "data": map[string]any{"result": result}})
		if err != nil {
			t.Error(err)
		}
		return body
	})
	query, enums, lists := `{order(id:"1")`+allFields(t)+`}`, readEnums(t), map[string]bool{}
	rows := readFieldRows(t)
	for _, row := range rows {
		lists[row.upstreamPath] = strings.HasPrefix(row.typeName, "[")
	}
	checked := 0
	for _, row := range rows {
		parents := slices.ContainsFunc(rows, func(other fieldRow) bool { return strings.HasPrefix(other.upstreamPath, row.upstreamPath+".") })
		if row.path == "Order.id" || row.path == "Order.lineItems.id" {
			continue // several values decide on an id
		}
		checked++
		var malformed any = map[string]any{"no": "value"}
		if parents {
			malformed = "no object"
		}
		result = wireOrder(row, lists, malformed)
		order, errors := asked(t, handler, query)
		if got := at(order, "createdAt"); row.path != "Order.createdAt" && got != "2017-09-13T23:17:08-07:00" {
			t.Errorf("%s: the order is created at %v", row.upstreamPath, got)
		}
		want := []badPath{{"UPSTREAM_BAD_DATA", strings.Join(append([]string{"order"}, fieldsOfRow(row, rows)...), " ")}}
		if row.path == "Order.customsDeclaration.items.currencyRaw" {
			want = append(want, badPath{"UPSTREAM_BAD_DATA", "order customsDeclaration items 0 declaredValue currencyCode"})
		}
		if enums[row.typeName] != nil {
			want = nil // it is UNKNOWN
		}
		if !reflect.DeepEqual(errors, want) {
			t.Errorf("%s: errors %v, want %v", row.upstreamPath, errors, want)
		}
	}
	if checked < 280 {
		t.Errorf("only %d rows were checked", checked)
	}
}

// fieldsOfRow returns the response path of a row below the order, where every list has one element.
func fieldsOfRow(row fieldRow, rows []fieldRow) (names []string) {
	fields := strings.Split(row.path, ".")
	for i := 1; i < len(fields); i++ {
		names = append(names, fields[i])
		path := strings.Join(fields[:i+1], ".")
		if path != row.path && slices.ContainsFunc(rows, func(r fieldRow) bool { return r.path == path && strings.HasPrefix(r.typeName, "[") }) {
			names = append(names, "0")
		}
	}
	return names
}

// TestAMalformedDeadline wants to know why there is none, in the place that asks for it.
func TestAMalformedDeadline(t *testing.T) {
	handler := answering(t, func() []byte {
		return []byte(`{"status":0,"data":{"result":{"base_info":{"id_of_str":"1","status":"waitbuyerpay","create_time":"20170913231708000-0700","pay_timeout":"soon","pay_timeout_type":0}}}}`)
	})
	for query, want := range map[string][]badPath{
		`{order(id:"1"){id paymentDueAt}}`:                                             {{"UPSTREAM_BAD_DATA", "order paymentDueAt"}},
		`{order(id:"1"){id due:paymentDueAt paymentTimeoutSeconds}}`:                   {{"UPSTREAM_BAD_DATA", "order due"}, {"UPSTREAM_BAD_DATA", "order paymentTimeoutSeconds"}},
		`{order(id:"1"){id freshUntil isFinal statusDescription buyer{name:loginId}}}`: nil,
	} {
		order, errors := asked(t, handler, query)
		if at(order, "id") != "1" || at(order, "paymentDueAt") != nil || !reflect.DeepEqual(errors, want) {
			t.Errorf("%s: %v, errors %v, want %v", query, order, errors, want)
		}
	}
}
