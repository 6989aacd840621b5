package httpapi

import (
	"context"
	"log/slog"
	"time"

	"ordergraph/upstream"
)

// maxLoggedName bounds the operation name in the log, in bytes. GraphQL names are ASCII.
const maxLoggedName = 64

// logRequest writes the one line about a request when its calls have ended, so that the sums over all
// lines are those of all calls and points. Nothing of it but the request id and the name of an
// operation that was parsed comes from the caller.
func (h *Handler) logRequest(ctx context.Context, x *exchange) {
	x.endedAt = time.Now()
	x.scope.Usage.Close(func(counts upstream.Counts) {
		if !h.log.Enabled(ctx, slog.LevelInfo) {
			return
		}
		// Without the place in the source, which costs more than the rest.
		record := slog.NewRecord(time.Now(), slog.LevelInfo, "request", 0)
		record.AddAttrs(slog.Any("", &requestLine{x, counts}))
		// There is nowhere to log that there is no log.
		_ = h.log.Handler().Handle(ctx, record)
	})
}

// requestLine is what the log says about an exchange. A handler of log/slog writes it as any group
// without a name; graph/jsonlog takes the attributes one by one, which costs less.
type requestLine struct {
	*exchange
	counts upstream.Counts
}

// Attributes calls yield with each attribute until it returns false.
func (l *requestLine) Attributes(yield func(slog.Attr) bool) {
	name := l.operation.Name
	if len(name) > maxLoggedName {
		name = name[:maxLoggedName]
	}
	_ = yield(slog.String("request_id", l.scope.RequestID)) &&
		yield(slog.String("op_type", l.operation.Type)) &&
		yield(slog.String("op_name", name)) &&
		yield(slog.Int("status", l.status)) &&
		yield(slog.Float64("duration_ms", float64(l.endedAt.Sub(l.scope.ArrivedAt).Microseconds())/1000)) &&
		yield(slog.Any("error_codes", l.codes)) &&
		yield(slog.Int("calls", l.counts.Calls)) &&
		yield(slog.Int("points", l.counts.Points)) &&
		yield(slog.Int("hits", l.counts.Hits))
}

// LogValue returns the attributes as a group.
func (l *requestLine) LogValue() slog.Value {
	var attributes []slog.Attr
	for attribute := range l.Attributes {
		attributes = append(attributes, attribute)
	}
	return slog.GroupValue(attributes...)
}
