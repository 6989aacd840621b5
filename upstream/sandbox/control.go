package sandbox

import (
	"encoding/json"
	"net/http"
	"time"
)

// controlPrefix is where a test suite in another process reaches what Go tests call directly.
const controlPrefix = "/_sandbox/"

// maxControlBytes bounds the body of a control request.
const maxControlBytes = 1 << 20

// controlHandler serves
//
//	GET    /_sandbox/calls     the remembered calls and the totals: {"totals": {…}, "calls": […]}
//	DELETE /_sandbox/calls     forgets them
//	GET    /_sandbox/faults    the settings; a token is shown as its marker
//	PUT    /_sandbox/faults    replaces them: {"latency": "20ms", "faults": [{"name": "http-503", …}]}
//	DELETE /_sandbox/faults    no faults, and the latency of the start
//	DELETE /_sandbox/refusals  has the server whose sandbox it is forget what was refused; 404 where it stands alone
//	GET    /_sandbox/test-ids  the test ids
func (s *Sandbox) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+controlPrefix+"calls", func(w http.ResponseWriter, _ *http.Request) {
		writeControl(w, map[string]any{"totals": s.Totals(), "calls": s.Calls()})
	})
	mux.HandleFunc("DELETE "+controlPrefix+"calls", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET "+controlPrefix+"faults", func(w http.ResponseWriter, _ *http.Request) {
		writeControl(w, s.settings())
	})
	mux.HandleFunc("PUT "+controlPrefix+"faults", s.putSettings)
	mux.HandleFunc("DELETE "+controlPrefix+"faults", s.deleteSettings)
	mux.HandleFunc("DELETE "+controlPrefix+"refusals", func(w http.ResponseWriter, _ *http.Request) {
		forget := s.forget.Load()
		if forget == nil {
			http.Error(w, "404 no server has its sandbox here: what was refused is remembered by the server that asked", http.StatusNotFound)
			return
		}
		(*forget)()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET "+controlPrefix+"test-ids", func(w http.ResponseWriter, _ *http.Request) {
		writeControl(w, TestIDs())
	})
	return mux
}

// settings is the document of /_sandbox/faults.
type settings struct {
	Latency string  `json:"latency,omitempty"` // a Go duration; empty: unchanged
	Faults  []Fault `json:"faults"`
}

func (s *Sandbox) settings() settings {
	faults := s.Faults()
	for i := range faults {
		faults[i].Token = TokenMarker(faults[i].Token)
	}
	return settings{Latency: s.currentLatency().String(), Faults: faults}
}

func (s *Sandbox) putSettings(w http.ResponseWriter, r *http.Request) {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControlBytes))
	decoder.DisallowUnknownFields()
	var wanted settings
	if err := decoder.Decode(&wanted); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := s.apply(wanted); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// apply changes all settings or, if one of them is bad, none.
func (s *Sandbox) apply(wanted settings) error {
	latency := s.currentLatency()
	if wanted.Latency != "" {
		parsed, err := time.ParseDuration(wanted.Latency)
		if err != nil {
			return err
		}
		latency = parsed
	}
	if err := s.SetFaults(wanted.Faults...); err != nil {
		return err
	}
	s.SetLatency(latency)
	return nil
}

func (s *Sandbox) deleteSettings(w http.ResponseWriter, r *http.Request) {
	if err := s.SetFaults(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.SetLatency(s.options.Latency)
	w.WriteHeader(http.StatusNoContent)
}

func writeControl(w http.ResponseWriter, document any) {
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, append(text, '\n'))
}

// write sends a body. A caller that has gone away is the only way it can fail, and no fault of ours.
func write(w http.ResponseWriter, body []byte) {
	_, _ = w.Write(body)
}
