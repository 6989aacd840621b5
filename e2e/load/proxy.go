package main

import (
	"io"
	"net/http"
	"strconv"
)

// startProxy starts a server that does nothing but pass requests on to the upstream at the given
// address, and its answers back: what two hops with net/http cost, and so the least that a server made
// with it can add.
func (b *bench) startProxy(address string) (*process, error) {
	return b.startSelf(proxyCommand, address)
}

// serveProxy is the proxy.
func serveProxy(address string) error {
	return serve(&proxy{address: address, transport: &http.Transport{MaxIdleConnsPerHost: 64}})
}

type proxy struct {
	address   string
	transport *http.Transport
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	further, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+p.address+r.URL.Path, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	further.ContentLength = r.ContentLength
	further.Header = r.Header
	response, err := p.transport.RoundTrip(further)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(response.StatusCode)
	w.Write(text) //nolint:errcheck // the load generator hangs up at the end
}
