package transport

import (
	"time"

	"ordergraph/upstream"
)

// maxLoggedName bounds the operation name in the log, in bytes. GraphQL names are ASCII.
const maxLoggedName = 64

// logRequest writes the one line about a request, whatever failed in it, when its calls have ended, so that
// the sums over all lines are those of all calls and points. Nothing of it but the request id and the name
// of an operation that was parsed comes from the caller.
func (h *Handler) logRequest(x *requestState, duration time.Duration) {
	x.scope.Meter.Close(func(counts upstream.Usage) {
		_, answered := x.scope.Provenance.FreshUntil()
		h.rate.settle(x.reserved, counts.Calls, answered)
		event := h.log.WithLevel(levelOf(x.codes, x.causes))
		if event == nil {
			return
		}
		name := x.scope.OperationName
		if len(name) > maxLoggedName {
			name = name[:maxLoggedName]
		}
		event.Str("request_id", x.scope.RequestID).Str("op_type", x.operationType).Str("op_name", name).
			Int("status", x.status).
			Float64("duration_ms", float64(duration.Microseconds())/1000).
			Strs("error_codes", x.codes)
		if len(x.causes) > 0 {
			event.Strs("causes", x.causes)
		}
		event.Int("calls", counts.Calls).Int("points", counts.Points).Int("hits", counts.Hits).Msg("request")
	})
}
