package httpapi

import (
	"context"
	"log/slog"
	"time"
)

// maxLoggedName bounds the operation name in the log, in bytes. GraphQL names are ASCII.
const maxLoggedName = 64

// logRequest writes the one line about a request. Nothing of it but the request id and the name of
// an operation that was parsed comes from the caller.
func (h *Handler) logRequest(ctx context.Context, x *exchange) {
	if !h.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	name := x.operation.Name
	if len(name) > maxLoggedName {
		name = name[:maxLoggedName]
	}
	now := time.Now()
	// Without the place in the source, which costs more than the rest.
	record := slog.NewRecord(now, slog.LevelInfo, "request", 0)
	record.AddAttrs(
		slog.String("request_id", x.scope.RequestID),
		slog.String("op_type", x.operation.Type),
		slog.String("op_name", name),
		slog.Int("status", x.status),
		slog.Float64("duration_ms", float64(now.Sub(x.scope.ArrivedAt).Microseconds())/1000),
		slog.Any("error_codes", x.codes),
		slog.Int("calls", x.counts.Calls),
		slog.Int("points", x.counts.Points),
		slog.Int("hits", x.counts.Hits),
	)
	// There is nowhere to log that there is no log.
	_ = h.log.Handler().Handle(ctx, record)
}
