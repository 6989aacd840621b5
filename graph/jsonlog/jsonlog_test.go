package jsonlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"
)

// like returns what log/slog writes, and what we write.
func like(t *testing.T, write func(slog.Handler) error) (want, got string) {
	t.Helper()
	var theirs, ours bytes.Buffer
	if err := write(slog.NewJSONHandler(&theirs, &slog.HandlerOptions{Level: slog.LevelInfo})); err != nil {
		t.Fatal(err)
	}
	if err := write(NewHandler(&ours, slog.LevelInfo)); err != nil {
		t.Fatal(err)
	}
	return theirs.String(), ours.String()
}

// attributes is a group that can be written without making it.
type attributes []slog.Attr

func (l attributes) Attributes(yield func(slog.Attr) bool) {
	for _, attribute := range l {
		if !yield(attribute) {
			return
		}
	}
}

func (l attributes) LogValue() slog.Value { return slog.GroupValue(l...) }

func record(at time.Time, message string, attributes ...slog.Attr) slog.Record {
	r := slog.NewRecord(at, slog.LevelWarn, message, 0)
	r.AddAttrs(attributes...)
	return r
}

func TestLinesAreThoseOfSlog(t *testing.T) {
	now := time.Now()
	tests := map[string]slog.Record{
		"request": record(now, "request",
			slog.String("request_id", "A-b_c.9"), slog.String("op_type", "query"), slog.String("op_name", ""), slog.Int("status", 200),
			slog.Float64("duration_ms", 0.013), slog.Any("error_codes", []string{}), slog.Int("calls", -1), slog.Int("hits", math.MaxInt64)),
		"codes":         record(now, "request", slog.Any("error_codes", []string{"A", "B"})),
		"codes, quoted": record(now, "request", slog.Any("error_codes", []string{"A", `"`}), slog.Int("after", 1)),
		"no codes":      record(now, "request", slog.Any("error_codes", []string(nil))),
		"no attributes": record(now, "started"),
		"UTC":           record(now.UTC(), "m"),
		"other zone":    record(now.In(time.FixedZone("", -3*3600-1800)), "m"),
		"whole second":  record(time.Unix(1700000000, 0), "m"),
		"milliseconds":  record(time.Unix(1700000000, 120_000_000), "m"),
		"no time":       record(time.Time{}, "m", slog.String("a", "b")),
		"year 10000":    record(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "m"),
		"message":       record(now, "say \"hello\"\n", slog.String("a", "b")),
		"escapes":       record(now, "m", slog.String("a", "\"\\\x00\x1f\x7f<>&")),
		"HTML":          record(now, "m", slog.String("a", "<b>&amp;</b>")),
		"Chinese":       record(now, "订单", slog.String("键", "值")),
		"not UTF-8":     record(now, "m", slog.String("a", "\xff")),
		"separators":    record(now, "m", slog.String("a", "\u2028\u2029")),
		"quoted key":    record(now, "m", slog.String(`a"b`, "c")),
		"empty key":     record(now, "m", slog.String("", "c"), slog.Attr{}),
		"group":         record(now, "m", slog.Group("g", slog.Int("a", 1)), slog.Group("", slog.Int("b", 2))),
		"attributes":    record(now, "m", slog.Any("", attributes{slog.Int("a", 1), slog.String("b", "c")}), slog.Int("d", 2)),
		"others in it":  record(now, "m", slog.Any("", attributes{slog.Int("a", 1), slog.String("b", "ä"), slog.Int("c", 1)}), slog.Int("d", 2)),
		"none in it":    record(now, "m", slog.Any("", attributes{}), slog.Int("d", 2)),
		"named":         record(now, "m", slog.Any("g", attributes{slog.Int("a", 1)})),
		"error":         record(now, "m", slog.Any("error", errors.New("fault"))),
		"others":        record(now, "m", slog.Bool("b", true), slog.Duration("d", time.Second), slog.Time("t", now), slog.Uint64("u", 1), slog.Any("m", map[string]int{"a": 1})),
	}
	for _, number := range []float64{0, math.Copysign(0, -1), 1, -1, 0.001, 1e-6, 9e-7, 123456.789, 1e20, 1e21, 1e300, math.MaxFloat64, math.Inf(1), math.NaN()} {
		tests["number "+slog.Float64Value(number).String()] = record(now, "m", slog.Float64("n", number))
	}
	for name, r := range tests {
		t.Run(name, func(t *testing.T) {
			if want, got := like(t, func(h slog.Handler) error { return h.Handle(t.Context(), r) }); got != want {
				t.Errorf("got %swant %s", got, want)
			}
		})
	}
}

func TestDerivedHandlersAndLevels(t *testing.T) {
	now := time.Now()
	want, got := like(t, func(h slog.Handler) error {
		if h.Enabled(t.Context(), slog.LevelDebug) || !h.Enabled(t.Context(), slog.LevelInfo) {
			t.Error("wrong level")
		}
		derived := h.WithAttrs([]slog.Attr{slog.Int("a", 1)}).WithGroup("g")
		return errors.Join(derived.Handle(t.Context(), record(now, "m", slog.Int("b", 2))), h.Handle(t.Context(), record(now, "m")))
	})
	if got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

func TestClock(t *testing.T) {
	zone := time.FixedZone("", 5*3600+45*60)
	start := time.Date(2026, 11, 23, 23, 59, 59, 0, time.UTC)
	var c clock
	for _, at := range []time.Time{
		start, start.Add(1), start.Add(time.Second - 1), start.Add(120 * time.Millisecond), start.Add(time.Second),
		start.In(zone), start.Add(time.Second).In(zone), start.Add(time.Second), start, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, zone), time.Unix(0, 0), time.Unix(-1, 5),
	} {
		if got, want := string(c.append(nil, at)), at.Format(time.RFC3339Nano); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for thousandths := int64(0); thousandths < 3e9; thousandths += 1 + thousandths/97 {
		number := float64(thousandths) / 1000
		line, simple := appendFloat(nil, number)
		if want, err := json.Marshal(number); string(line) != string(want) || err != nil || !simple {
			t.Fatalf("got %s, want %s, %v", line, want, err)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("request", "request_id", "r-1", int64(0), 0.5, int64(1700000000))
	f.Fuzz(func(t *testing.T, message, key, text string, number int64, float float64, at int64) {
		r := record(time.Unix(0, at), message,
			slog.String(key, text), slog.Int64("n", number), slog.Float64("f", float), slog.Any("l", []string{text, key}))
		if want, got := like(t, func(h slog.Handler) error { return h.Handle(t.Context(), r) }); got != want {
			t.Errorf("got %swant %s", got, want)
		}
	})
}

func TestLinesStayWhole(t *testing.T) {
	var written bytes.Buffer
	handler := NewHandler(&written, slog.LevelInfo)
	log := slog.New(handler)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 200 {
				log.Info("simple", "text", strings.Repeat("x", i))
				log.Info("not simple", "text", strings.Repeat("ä", i))
			}
		})
	}
	group.Wait()
	count := 0
	for line := range strings.Lines(written.String()) {
		count++
		if !json.Valid([]byte(line)) {
			t.Fatalf("not a line of JSON: %s", line)
		}
	}
	if count != 1600 {
		t.Errorf("%d lines, want 1600", count)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestFailedWritesAreTold(t *testing.T) {
	if err := NewHandler(broken{}, slog.LevelInfo).Handle(t.Context(), record(time.Now(), "m")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkRequest writes the line of a request.
func BenchmarkRequest(b *testing.B) {
	request := &attributes{
		slog.String("request_id", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), slog.String("op_type", "query"), slog.String("op_name", "Orders"),
		slog.Int("status", 200), slog.Float64("duration_ms", 0.013), slog.Any("error_codes", []string{}),
		slog.Int("calls", 0), slog.Int("points", 0), slog.Int("hits", 1),
	}
	for name, handler := range map[string]slog.Handler{
		"here": NewHandler(io.Discard, slog.LevelInfo),
		// log/slog knows io.Discard and would do nothing.
		"log/slog": slog.NewJSONHandler(struct{ io.Writer }{io.Discard}, nil),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := record(time.Now(), "request", slog.Any("", request))
				if err := handler.Handle(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
