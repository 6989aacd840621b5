package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// authorization is the caller's token, which goes upstream as it is.
const authorization = "load-test-token"

// The paths of the emulated upstream: the endpoint itself, and what it has counted.
const (
	endpointPath = "/order-info"
	tallyPath    = "/tally"
)

// tally is what an upstream has counted.
type tally struct {
	// Calls is the number of orders it has answered, Distinct that of different ones.
	Calls, Distinct int
	// Wrong says what was wrong with a call, if one was refused.
	Wrong string
}

// endpoint is an emulated upstream: it answers any order after a fixed time.
type endpoint struct {
	envelope *envelope
	delay    time.Duration

	mu    sync.Mutex
	calls int
	seen  map[string]struct{}
	wrong string
}

// upstream is an endpoint in a process of its own, as the suite sees it.
type upstream struct{ *process }

func (b *bench) startUpstream(delay time.Duration) (*upstream, error) {
	p, err := b.startSelf(upstreamCommand, delay.String())
	if err != nil {
		return nil, err
	}
	return &upstream{p}, nil
}

func (u *upstream) url() string { return "http://" + u.address + endpointPath }

// tally asks the upstream what it has counted so far.
func (u *upstream) tally() (tally, error) {
	var counted tally
	response, err := http.Get("http://" + u.address + tallyPath)
	if err != nil {
		return counted, err
	}
	defer response.Body.Close()
	return counted, json.NewDecoder(response.Body).Decode(&counted)
}

// serveUpstream is the process of an upstream.
func serveUpstream(delay string) error {
	wait, err := time.ParseDuration(delay)
	if err != nil {
		return err
	}
	return serve(newEndpoint(wait))
}

func newEndpoint(delay time.Duration) *endpoint {
	return &endpoint{envelope: anyOrder(), delay: delay, seen: map[string]struct{}{}}
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == tallyPath {
		json.NewEncoder(w).Encode(e.tally()) //nolint:errcheck // the suite is told by what it reads
		return
	}
	var parameters struct {
		OrderID json.Number `json:"order_id"`
		WebSite string      `json:"web_site"`
		Edition string      `json:"edition"`
		Domains string      `json:"include_fields"`
	}
	err := json.NewDecoder(r.Body).Decode(&parameters)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != endpointPath || len(parameters.OrderID) != idLength ||
		parameters.WebSite != "1688" || parameters.Edition != "1" || parameters.Domains == "" ||
		r.Header.Get("Authorization") != authorization {
		e.refuse(fmt.Sprintf("%s %s: %+v, %v", r.Method, r.URL.Path, parameters, err))
		http.Error(w, "wrong call", http.StatusBadRequest)
		return
	}
	e.count(parameters.OrderID.String())
	time.Sleep(e.delay)
	w.Header().Set("Content-Type", "application/json")
	text := e.envelope.appendTo(make([]byte, 0, 2*len(documented)), parameters.OrderID.String())
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	w.Write(text) //nolint:errcheck // the caller may have hung up
}

func (e *endpoint) count(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	e.seen[id] = struct{}{}
}

func (e *endpoint) refuse(reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wrong = reason
}

func (e *endpoint) tally() tally {
	e.mu.Lock()
	defer e.mu.Unlock()
	return tally{Calls: e.calls, Distinct: len(e.seen), Wrong: e.wrong}
}
