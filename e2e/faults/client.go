package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// request is a GraphQL request; the zero value of a field leaves it out.
type request struct {
	query         string
	variables     map[string]any
	operationName string
	// authorization is the header's whole value.
	authorization string
	header        map[string]string
}

// response is what came back; err is set instead of everything else if nothing did.
type response struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
	err    error

	Data       map[string]any `json:"data"`
	Errors     []graphqlError `json:"errors"`
	Extensions struct {
		Upstream counts `json:"upstream"`
	} `json:"extensions"`
}

type counts struct{ Calls, Points, Hits, Stale int }

type graphqlError struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path"`
	Extensions map[string]any `json:"extensions"`
}

func (e graphqlError) code() string { return fmt.Sprint(e.Extensions["code"]) }

// post sends r to the server's /graphql.
func (s *server) post(ctx context.Context, client *http.Client, r request) *response {
	body := map[string]any{"query": r.query}
	if r.variables != nil {
		body["variables"] = r.variables
	}
	if r.operationName != "" {
		body["operationName"] = r.operationName
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return &response{err: err}
	}
	sent, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/graphql", bytes.NewReader(encoded))
	if err != nil {
		return &response{err: err}
	}
	sent.Header.Set("Content-Type", "application/json")
	sent.Header.Set("Accept", "application/graphql-response+json")
	if r.authorization != "" {
		sent.Header["Authorization"] = []string{r.authorization}
	}
	for name, value := range r.header {
		sent.Header.Set(name, value)
		if name == "Host" {
			sent.Host = value
		}
	}
	return do(client, sent)
}

func do(client *http.Client, sent *http.Request) *response {
	started := time.Now()
	received, err := client.Do(sent)
	if err != nil {
		return &response{err: err, took: time.Since(started)}
	}
	defer received.Body.Close()
	body, err := io.ReadAll(io.LimitReader(received.Body, 64<<20))
	r := &response{status: received.StatusCode, header: received.Header, body: body, took: time.Since(started), err: err}
	if err == nil && strings.Contains(received.Header.Get("Content-Type"), "json") {
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(r); err != nil {
			r.err = fmt.Errorf("an answer that is no JSON: %w", err)
		}
	}
	return r
}

// codes returns the error codes with their paths, sorted, as "CODE at a.0, CODE".
func (r *response) codes() string {
	var codes []string
	for _, e := range r.Errors {
		code := e.code()
		if len(e.Path) > 0 {
			code += " at " + strings.ReplaceAll(strings.Trim(fmt.Sprint(e.Path), "[]"), " ", ".")
		}
		codes = append(codes, code)
	}
	slices.Sort(codes) // fields are resolved at the same time
	return strings.Join(codes, ", ")
}

// at returns the value at a path of response names in data, nil if there is none.
func (r *response) at(path ...string) any {
	value := any(r.Data)
	for _, name := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

func (r *response) String() string {
	if r.err != nil {
		return "no answer: " + r.err.Error()
	}
	return fmt.Sprintf("%d %.600s", r.status, r.body)
}
