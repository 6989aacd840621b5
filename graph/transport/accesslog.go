package transport

import (
	"time"

	"github.com/rs/zerolog"

	"ordergraph/upstream"
)

// maxLoggedName bounds the operation name in the log, in bytes. GraphQL names are ASCII.
const maxLoggedName = 64

// logRequest writes the one line about a request, whatever failed in it, when its calls have ended, so that
// the sums over all lines are those of all calls and points. Nothing of it but the request id and the name
// of an operation that was parsed comes from the caller.
func (h *Handler) logRequest(x *requestState, duration time.Duration) {
	x.scope.Meter.Close(func(counts upstream.Usage) {
		if x.trace != nil {
			x.trace.End(&x.exchange, counts)
		}
		_, answered := x.scope.Provenance.FreshUntil()
		h.rate.settle(x.reserved, counts.Calls, answered)
		level, slow := levelOf(x.codes, x.causes), h.slow > 0 && duration >= h.slow
		if slow {
			level = max(level, zerolog.WarnLevel)
		}
		event := h.log.WithLevel(level)
		if event == nil {
			return
		}
		name := x.scope.OperationName
		if len(name) > maxLoggedName {
			name = name[:maxLoggedName]
		}
		event.Str("request_id", x.scope.RequestID).Str("op_type", x.operationType).Str("op_name", name).Str("op_hash", x.operationHash).
			Str("client", x.scope.Client).Int("status", x.status).Float64("duration_ms", milliseconds(duration)).
			Strs("error_codes", x.codes)
		if x.trace != nil {
			event.Str("trace_id", x.trace.ID())
		}
		if len(x.causes) > 0 {
			event.Strs("causes", x.causes)
		}
		if slow {
			wait, took := x.scope.Slowest.Times()
			event.Float64("upstream_ms", milliseconds(took)).Float64("wait_ms", milliseconds(wait))
		}
		if x.scope.DryRun != nil {
			event.Bool("dry_run", true)
		}
		event.Int("calls", counts.Calls).Int("points", counts.Points).Int("hits", counts.Hits).
			Int("saved", x.operation.Tally.SavedPoints()).Str("source", x.operation.Tally.Source()).Msg("request")
	})
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
