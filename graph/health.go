package graph

import (
	"io"
	"net/http"
	"sync/atomic"
)

// Health answers the probes of an orchestrator. They tell about this process alone: they never
// touch the upstream or Redis, so a probe costs no point, and an outage takes no instance out.
// The zero value is not ready.
type Health struct{ ready atomic.Bool }

// SetReady says whether the process wants requests: not while it starts or drains.
func (h *Health) SetReady(ready bool) { h.ready.Store(ready) }

// Ready reports whether the process wants requests.
func (h *Health) Ready() bool { return h.ready.Load() }

// Register adds GET /livez and GET /readyz to mux.
func (h *Health) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeProbe(w, true) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { writeProbe(w, h.ready.Load()) })
}

func writeProbe(w http.ResponseWriter, ok bool) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	text := "ok\n"
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		text = "not ready\n"
	}
	// A prober who has hung up gets nothing.
	_, _ = io.WriteString(w, text)
}
