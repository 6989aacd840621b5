package telemetry

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"ordergraph/graph/transport"
	"ordergraph/upstream"
)

// TestNamesHaveSeries has more names than there is room for, in two readings of the settings.
func TestNamesHaveSeries(t *testing.T) {
	telemetry := newTelemetry()
	telemetry.NameClients([]string{"shop", "erp"})
	telemetry.NameOperations([]string{"Page"})
	expectLines(t, scrape(t, telemetry), `client_points_total{client="shop"} 0`, `client_points_saved_total{client="unknown"} 0`,
		`client_requests_total{client="other"} 0`, `operation_calls_total{operation="Page"} 0`, `operation_duration_seconds_count{operation="other"} 0`)
	telemetry.CallEnded(Call{Written: true, Points: 3, Client: "shop", Trusted: "Page"})
	for _, client := range []string{"shop", "erp", "evil", transport.NoClient} {
		telemetry.Began()
		telemetry.Ended(&transport.Exchange{Duration: time.Second, Operation: &transport.Operation{Client: client, Trusted: client}})
	}
	many := []string{"shop"}
	for i := range 500 {
		many = append(many, fmt.Sprint("n", i))
	}
	telemetry.NameClients(many)
	telemetry.NameOperations(many)
	text := scrape(t, telemetry)
	expectLines(t, text, `client_points_total{client="shop"} 3`, `client_calls_total{client="shop"} 1`, `client_requests_total{client="shop"} 1`,
		`client_requests_total{client="erp"} 1`, `client_requests_total{client="other"} 1`, `client_requests_total{client="unknown"} 1`,
		`operation_points_total{operation="Page"} 3`, `operation_requests_total{operation="other"} 4`, `operation_duration_seconds_sum{operation="other"} 4`,
		`client_requests_total{client="n61"} 0`)
	if clients, operations := strings.Count(text, "\nclient_requests_total{"), strings.Count(text, "\noperation_requests_total{"); clients != 66 || operations != 257 {
		t.Errorf("%d clients, %d operations", clients, operations)
	}
}

func TestBudgets(t *testing.T) {
	telemetry := newTelemetry()
	at := time.Unix(1234567, 0)
	states := []BudgetState{
		{"", "day", 100, 7, at}, {"", "day", 50, 7, at}, {"shop", "hour", 10, 10, at.Add(time.Hour)},
	}
	clients := []string{"shop", "shop"}
	telemetry.ReportBudgets(func() []BudgetState { return states }, func(client string) uint64 { return uint64(len(client)) }, func() []string { return clients })
	expectLines(t, scrape(t, telemetry), `budget_limit_points{client="",window="day"} 50`, `budget_spent_points{client="",window="day"} 7`,
		`budget_spent_points{client="shop",window="hour"} 10`, `budget_reset_timestamp_seconds{window="day"} 1.234567e+06`,
		`budget_refused_total{client=""} 0`, `budget_refused_total{client="tenant"} 6`, `budget_refused_total{client="shop"} 4`)
}

func TestRedis(t *testing.T) {
	telemetry := newTelemetry()
	observe := telemetry.ObserveRedis([]string{"acquire", "end"})
	expectLines(t, scrape(t, telemetry), `redis_errors_total 0`, `redis_request_duration_seconds_count{operation="end"} 0`)
	observe("acquire", time.Millisecond, nil)
	observe("acquire", time.Millisecond, errors.New("no"))
	observe("other", time.Millisecond, nil)
	expectLines(t, scrape(t, telemetry), `redis_errors_total 1`, `redis_request_duration_seconds_count{operation="acquire"} 2`)
}

func TestRefusals(t *testing.T) {
	telemetry := newTelemetry()
	telemetry.ReportRefusals([]upstream.Kind{upstream.KindQuotaExhausted}, func() (int64, int64, map[upstream.Kind]uint64) {
		return 1, 2, map[upstream.Kind]uint64{upstream.KindQuotaExhausted: 3}
	})
	expectLines(t, scrape(t, telemetry), `cache_refusals{scope="tenant"} 1`, `cache_refusals{scope="order"} 2`, `cache_refusals_total{code="QUOTA EXHAUSTED"} 3`)
}

func TestLines(t *testing.T) {
	telemetry := newTelemetry()
	log := zerolog.New(io.Discard).Level(zerolog.InfoLevel).Hook(telemetry.CountLines())
	log.Debug().Msg("not written")
	log.Info().Msg("i")
	log.WithLevel(zerolog.WarnLevel).Msg("w")
	log.Error().Msg("e")
	log.Error().Msg("e")
	expectLines(t, scrape(t, telemetry), `log_lines_total{level="debug"} 0`, `log_lines_total{level="info"} 1`, `log_lines_total{level="warn"} 1`, `log_lines_total{level="error"} 2`)
}
