package jsonlog

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func TestLines(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, zerolog.InfoLevel, false)
	before := time.Now()
	log.Debug().Msg("hidden")
	log.Info().Str("text", "\"\\\x00\n\xff订单<&>").Strs("list", []string{"A", `"`}).Int("number", -1).Float64("duration_ms", 0.013).Msg("m")
	log.Warn().Msg("w")
	log.Error().Msg("e")
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines: %s", len(lines), &out)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &fields); err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339Nano, fields["time"].(string))
	if err != nil || at.Before(before) || at.After(time.Now()) {
		t.Errorf("time %v", fields["time"])
	}
	delete(fields, "time")
	want := map[string]any{
		"level": "INFO", "msg": "m", "text": "\"\\\x00\n\ufffd订单<&>", "list": []any{"A", `"`}, "number": -1.0, "duration_ms": 0.013,
	}
	if !reflect.DeepEqual(fields, want) {
		t.Errorf("%v, want %v", fields, want)
	}
	for i, level := range []string{`"level":"INFO"`, `"level":"WARN"`, `"level":"ERROR"`} {
		if !strings.Contains(lines[i], level) {
			t.Errorf("line %d lacks %s: %s", i, level, lines[i])
		}
	}
}

func TestText(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, zerolog.WarnLevel, true)
	log.Info().Msg("hidden")
	log.Warn().Str("name", "value").Msg("first\nsecond")
	if line := out.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, "WRN") || !strings.Contains(line, "first") || !strings.Contains(line, "name=value") {
		t.Errorf("%q", line)
	}
}

func TestZeroLoggerDiscards(t *testing.T) {
	var log zerolog.Logger
	log.Error().Msg("m")
}

// BenchmarkRequest writes the line of a request.
func BenchmarkRequest(b *testing.B) {
	log := NewLogger(io.Discard, zerolog.InfoLevel, false)
	codes := []string{}
	b.ReportAllocs()
	for b.Loop() {
		log.Info().Str("request_id", "ABCDEFGHIJKLMNOPQRSTUVWXYZ").Str("op_type", "query").Str("op_name", "Orders").
			Int("status", 200).Float64("duration_ms", 0.013).Strs("error_codes", codes).
			Int("calls", 0).Int("points", 0).Int("hits", 1).Msg("request")
	}
}
