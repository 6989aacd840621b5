package scalar

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-json-experiment/json/jsontext"

	"ordergraph/upstream"
)

func written(m graphql.Marshaler) string {
	var buffer bytes.Buffer
	m.MarshalGQL(&buffer)
	return buffer.String()
}

func TestMarshal(t *testing.T) {
	tests := []struct {
		name      string
		marshaler graphql.Marshaler
		want      string
	}{
		{"text", MarshalText("富光 2L*6件"), `"富光 2L*6件"`},
		{"text with escapes", MarshalText("a\"b\\c\n\t\x00\x1f\x7f</script>"), `"a\"b\\c\n\t\u0000\u001f` + "\x7f" + `</script>"`},
		{"invalid UTF-8", MarshalText("a\xff\xe4\xb8z"), `"a` + "\uFFFD\uFFFD\uFFFD" + `z"`},
		{"line separator", MarshalText("a\u2028b"), "\"a\u2028b\""},
		{"phone", MarshalPhone("86-0571-81895955"), `"86-0571-81895955"`},
		{"id", MarshalID("58218860983545941"), `"58218860983545941"`},
		{"id with a quote", MarshalID(`a"b`), `"a\"b"`},
		{"order id", MarshalOrderID(9223372036854775807), `"9223372036854775807"`},
		{"decimal", MarshalDecimal("6.150"), `"6.150"`},
		{"url", MarshalURL("https://x/?a=1&b=<2>"), `"https://x/?a=1&b=<2>"`},
		{"true", MarshalBool(upstream.BoolTrue), `true`},
		{"false", MarshalBool(upstream.BoolFalse), `false`},
		{"zero", MarshalInt(upstream.Int{Valid: true}), `0`},
		{"int", MarshalInt(upstream.Int{Value: -2147483648, Valid: true}), `-2147483648`},
		{"time", MarshalDateTime(timeAt("2017-09-13T23:17:08-07:00")), `"2017-09-13T23:17:08-07:00"`},
		{"time with milliseconds", MarshalDateTime(timeAt("2017-09-13T23:17:08.05+08:00")), `"2017-09-13T23:17:08.050+08:00"`},
		{"instant", MarshalInstant(time.Date(2026, 1, 2, 11, 4, 5, 678_900_000, time.FixedZone("", 8*3600))), `"2026-01-02T03:04:05.678Z"`},
		{"whole instant", MarshalInstant(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), `"2026-01-02T03:04:05.000Z"`},
	}
	for _, test := range tests {
		if got := written(test.marshaler); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func timeAt(text string) upstream.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return upstream.NewTime(t)
}

// TestZeroIsNull wants graphql.Null itself: the generated code compares with it.
func TestZeroIsNull(t *testing.T) {
	for name, marshaler := range map[string]graphql.Marshaler{
		"text": MarshalText(""), "phone": MarshalPhone(""), "raw text": MarshalRawText(upstream.RawText{}),
		"id": MarshalID(""), "order id": MarshalOrderID(0), "decimal": MarshalDecimal(""), "url": MarshalURL(""),
		"bool": MarshalBool(upstream.BoolNull), "int": MarshalInt(upstream.Int{}), "time": MarshalDateTime(upstream.Time{}),
		"instant": MarshalInstant(time.Time{}),
	} {
		if marshaler != graphql.Null {
			t.Errorf("the zero %s is written as %s", name, written(marshaler))
		}
	}
}

// TestRawText wants the empty text that was sent to differ from none.
func TestRawText(t *testing.T) {
	for base, want := range map[string]string{`"pay_timeout":""`: `""`, `"pay_timeout":"-1"`: `"-1"`, `"pay_timeout":259200`: `"259200"`, `"pay_timeout":null`: `null`} {
		body := `{"status":0,"data":{"result":{"base_info":{"id":1,` + base + `}}}}`
		answer, err := upstream.DecodeAnswer([]byte(body), upstream.Key{ID: 1}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got := written(MarshalRawText(answer.Order.PaymentTimeoutRaw)); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for name, unmarshal := range map[string]func() error{
		"text":     func() error { _, err := UnmarshalText("1"); return err },
		"phone":    func() error { _, err := UnmarshalPhone("1"); return err },
		"raw text": func() error { _, err := UnmarshalRawText("1"); return err },
		"id":       func() error { _, err := UnmarshalID("1"); return err },
		"order id": func() error { _, err := UnmarshalOrderID("1"); return err },
		"decimal":  func() error { _, err := UnmarshalDecimal("1"); return err },
		"url":      func() error { _, err := UnmarshalURL("1"); return err },
		"bool":     func() error { _, err := UnmarshalBool("1"); return err },
		"int":      func() error { _, err := UnmarshalInt("1"); return err },
		"time":     func() error { _, err := UnmarshalDateTime("1"); return err },
		"instant":  func() error { _, err := UnmarshalInstant("1"); return err },
	} {
		if unmarshal() == nil {
			t.Errorf("%s: taken as an argument", name)
		}
	}
}

// TestOtherWriters wants the same text where the writer is no buffer.
func TestOtherWriters(t *testing.T) {
	var text strings.Builder
	for _, marshaler := range []graphql.Marshaler{MarshalText("a\n"), MarshalOrderID(1), MarshalInt(upstream.Int{Value: 2, Valid: true}), MarshalDateTime(timeAt("2017-09-13T23:17:08Z"))} {
		marshaler.MarshalGQL(struct{ io.Writer }{&text})
	}
	if want := `"a\n""1"2"2017-09-13T23:17:08Z"`; text.String() != want {
		t.Errorf("%s, want %s", text.String(), want)
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"富光", "a\"\\\n", "\xff\xfe", "\u2028", "\ud7ff", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" {
			return // null
		}
		got := written(MarshalText(upstream.Text(text)))
		if !utf8.ValidString(got) || !jsontext.Value(got).IsValid() {
			t.Fatalf("%q is written as %q, which is no JSON", text, got)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || utf8.ValidString(text) && back != text {
			t.Fatalf("%q is written as %q, read back as %q, %v", text, got, back, err)
		}
	})
}
