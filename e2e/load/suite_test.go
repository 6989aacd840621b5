package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryScenarioHasItsOwnName(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios(32) {
		if seen[s.name] || s.name == "" || s.run == nil {
			t.Errorf("%q is there twice, or does nothing", s.name)
		}
		seen[s.name] = true
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{1, 9, 2}, 2},
		{[]float64{4, 1, 9, 2}, 3},
	} {
		before := slices.Clone(test.values)
		if got := medianOf(test.values); got != test.want {
			t.Errorf("the median of %v is %v, want %v", test.values, got, test.want)
		}
		if !slices.Equal(test.values, before) {
			t.Errorf("%v was reordered", before)
		}
	}
}

// A round in which the machine was busy slows both servers, and must not change how they compare.
func TestServersAreComparedRoundByRound(t *testing.T) {
	a := []measurement{{throughput: 80}, {throughput: 8}, {throughput: 40}}
	b := []measurement{{throughput: 100}, {throughput: 10}, {throughput: 50}}
	if got := compared(a, b, throughput, quotient); got != 0.8 {
		t.Errorf("got %v", got)
	}
	m := medians([]measurement{
		{throughput: 1, median: 3, p99: 50, processor: 7},
		{throughput: 3, median: 1, p99: 70, processor: 9},
		{throughput: 2, median: 2, p99: 60, processor: 8},
	})
	if want := (measurement{2, 2, 60, 8}); m != want {
		t.Errorf("the medians are %+v, want %+v", m, want)
	}
}

const reportLine = `REPORT {"requests":1000,"sent":1032,"bytes":200000,"microseconds":2000000,"median":700,"p99":9000,` +
	`"connect":0,"read":0,"write":0,"status":0,"timeout":0}` + "\n"

func TestReport(t *testing.T) {
	r, err := parseReport("Running 2s test @ http://127.0.0.1\nRequests/sec:  500.00\n" + reportLine)
	want := report{Requests: 1000, Sent: 1032, Bytes: 200_000, Microseconds: 2_000_000, Median: 700, P99: 9000}
	if err != nil || r != want {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, output := range []string{"", "unable to connect to 127.0.0.1", "REPORT {", strings.Replace(reportLine, "1000", "0", 1)} {
		if r, err := parseReport(output); err == nil {
			t.Errorf("%q is read as %+v", output, r)
		}
	}
}

// The load is worth nothing if failures among thousands of answers go unnoticed.
func TestLoadNoticesWhatIsWrong(t *testing.T) {
	sound := report{Requests: 1000, Bytes: 200_000}
	for _, test := range []struct {
		name   string
		repair func(*report)
		sound  bool
	}{
		{"right", func(*report) {}, true},
		{"answers under way at the end", func(r *report) { r.Bytes += 32 * 200 }, true},
		{"a counter with one digit less", func(r *report) { r.Bytes -= 1000 }, true},
		{"shorter answers", func(r *report) { r.Bytes -= 50 * 200 }, false},
		{"longer answers", func(r *report) { r.Bytes += 100 * 200 }, false},
		{"a status", func(r *report) { r.Status = 1 }, false},
		{"no connection", func(r *report) { r.Connect = 1 }, false},
		{"a broken connection", func(r *report) { r.Read = 1 }, false},
		{"an unsent request", func(r *report) { r.Write = 1 }, false},
		{"a slow answer", func(r *report) { r.Timeout = 1 }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := sound
			test.repair(&r)
			if failure := r.failure(job{connections: 32}, 200); (failure == "") != test.sound {
				t.Errorf("got %q", failure)
			}
		})
	}
}

func TestProcessorTime(t *testing.T) {
	const stat = "4711 (a (b) c) S 1 4711 4711 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 9 0 100 1 1"
	if got, err := parseProcessorTime(stat); err != nil || got != 3*time.Second {
		t.Errorf("got %v, %v", got, err)
	}
	for _, stat := range []string{"", "1 (a) S 1", strings.Replace(stat, "250", "x", 1)} {
		if got, err := parseProcessorTime(stat); err == nil {
			t.Errorf("%q is read as %v", stat, got)
		}
	}
}

func TestProcessorName(t *testing.T) {
	if got := processorName("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n", "amd64"); got != "Some CPU @ 2 GHz" {
		t.Errorf("got %q", got)
	}
	if got := processorName("Features: fp\n", "arm64"); got != "arm64" {
		t.Errorf("got %q", got)
	}
}

// identities are the parts of an order by which the program recognises it and its line items.
type identities struct {
	Data struct {
		Result struct {
			BaseInfo struct {
				ID   json.Number
				Text string `json:"id_of_str"`
				Paid string `json:"pay_time"`
			} `json:"base_info"`
			Items []struct {
				ID   json.Number `json:"sub_item_id"`
				Text string      `json:"sub_item_idstring"`
				SKU  json.Number `json:"sku_id"`
			} `json:"product_items"`
			Logistics struct {
				Parcels []struct {
					ItemIDs string `json:"sub_item_ids"`
				} `json:"logistics_items"`
			} `json:"native_logistics"`
		}
	}
}

func orderOf(t *testing.T, id string) identities {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(newEnvelope().appendTo(nil, id)))
	decoder.UseNumber()
	var order identities
	if err := decoder.Decode(&order); err != nil {
		t.Fatal(err)
	}
	return order
}

func TestOrdersDifferInTheirNumbers(t *testing.T) {
	a, b := orderOf(t, orderID(1, 7)), orderOf(t, orderID(1, 8))
	for _, test := range []struct {
		order identities
		id    string
	}{{a, "50001000000000007"}, {b, "50001000000000008"}} {
		base, items := test.order.Data.Result.BaseInfo, test.order.Data.Result.Items
		if base.ID.String() != test.id || base.Text != test.id || base.Paid != "20170913231727000-0700" {
			t.Errorf("order %s shows %+v", test.id, base)
		}
		ids := newEnvelope().lineItemIDs(test.id)
		if len(items) != 3 || items[0].Text != ids[0] {
			t.Errorf("order %s shows %+v, want the line items %v", test.id, items, ids)
		}
		// The documented number is its text rounded to a float, which ends in 10 instead of 15.
		if rounded := items[0].Text[:len(items[0].Text)-2] + "10"; items[0].ID.String() != rounded {
			t.Errorf("the number of line item %s is %s", items[0].Text, items[0].ID)
		}
		for _, id := range ids[1:] {
			if !strings.Contains(test.order.Data.Result.Logistics.Parcels[0].ItemIDs, id) {
				t.Errorf("order %s: the parcel lacks the line item %s", test.id, id)
			}
		}
	}
	if a.Data.Result.Items[0].SKU == b.Data.Result.Items[0].SKU {
		t.Error("two orders have the same numbers")
	}
}

func TestIDsHaveOneLength(t *testing.T) {
	if len(orderID(9_999, 1)) != idLength || len(idPlaceholder) != idLength || len(groupPrefix(1))+12 != idLength {
		t.Error("the ids have different lengths")
	}
}

func TestShiftWrapsAround(t *testing.T) {
	digits := []byte("999999")
	if shiftDigits(digits, 2); string(digits) != "000001" {
		t.Errorf("999999 and 2 are %s, modulo a million", digits)
	}
}

func TestEndpointCountsAndRefuses(t *testing.T) {
	e := newEndpoint(0)
	call := func(q request) *httptest.ResponseRecorder {
		request := httptest.NewRequest(q.method, q.target, bytes.NewReader(q.body))
		for name, value := range q.header {
			request.Header.Set(name, value)
		}
		recorder := httptest.NewRecorder()
		e.ServeHTTP(recorder, request)
		return recorder
	}
	for _, id := range []string{orderID(1, 1), orderID(1, 2), orderID(1, 1)} {
		q := askUpstream(id)
		got := call(q)
		if err := q.compare(&answer{status: got.Code, body: got.Body.Bytes()}); err != nil {
			t.Error(err)
		}
	}
	if got, want := e.tally(), (tally{Calls: 3, Distinct: 2}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	wrong := askUpstream(orderID(1, 3))
	wrong.header = map[string]string{"Authorization": "somebody else"}
	if got := call(wrong); got.Code != http.StatusBadRequest || e.tally().Wrong == "" || e.tally().Calls != 3 {
		t.Errorf("another token: status %d, counted %+v", got.Code, e.tally())
	}
}

func TestAnswersAreCompared(t *testing.T) {
	id, other := orderID(1, 1), orderID(1, 2)
	shown := func(id, itemsOf string) string {
		items := newEnvelope().lineItemIDs(itemsOf)
		return `{"id":"` + id + `","status":"WAIT_BUYER_RECEIVE","lineItems":[{"id":"` + strings.Join(items, `"},{"id":"`) + `"}]}`
	}
	one, list := ask(id, fewFields), askList([]string{id, other}, fewFields)
	for _, test := range []struct {
		name   string
		q      request
		status int
		body   string
		sound  bool
	}{
		{"right", one, 200, `{"data":{"order":` + shown(id, id) + `}}`, true},
		{"another order", one, 200, `{"data":{"order":` + shown(other, other) + `}}`, false},
		{"another order's items", one, 200, `{"data":{"order":` + shown(id, other) + `}}`, false},
		{"no order", one, 200, `{"data":{"order":null}}`, false},
		{"an error", one, 200, `{"errors":[{"message":"?"}],"data":{"order":` + shown(id, id) + `}}`, false},
		{"another status", one, 503, `{"data":{"order":` + shown(id, id) + `}}`, false},
		{"no JSON", one, 200, `<html>`, false},
		{"a list", list, 200, `{"data":{"orders":[` + shown(id, id) + "," + shown(other, other) + `]}}`, true},
		{"a list in another order", list, 200, `{"data":{"orders":[` + shown(other, other) + "," + shown(id, id) + `]}}`, false},
		{"a short list", list, 200, `{"data":{"orders":[` + shown(id, id) + `]}}`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.q.compare(&answer{status: test.status, body: []byte(test.body)}); (err == nil) != test.sound {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAllFieldsLeavesOutWhatLeadsBack(t *testing.T) {
	const schema = `
		type Query { order(id: ID!): Order }
		type Order { id: ID! total: Money parcels: [Parcel!]! items(first: Int): [Item!]! status: Status }
		type Money { amount: String! }
		type Item { id: ID! price: Money }
		type Parcel { number: String items: [Item!]! }
		extend type Item { parcels: [Parcel!]! product: Product }
		type Product @key(fields: "id") { id: ID! }
		enum Status { OPEN }`
	got, err := allFields(schema)
	if want := "{id total{amount} parcels{number} items{id price{amount} product{id}} status}"; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	for _, schema := range []string{"type {", "type Query { a: Int }"} {
		if got, err := allFields(schema); err == nil {
			t.Errorf("%s: got %s", schema, got)
		}
	}
}

func TestFiguresAreJudged(t *testing.T) {
	for _, test := range []struct {
		figure
		shown, verdict string
	}{
		{figure{value: 0.804, target: 0.8}, "0.80", "target ≥ 0.80: met"},
		{figure{value: 0.791, target: 0.8}, "0.79", "target ≥ 0.80: not met"},
		{figure{value: 0.42, unit: "ms", decimals: 2, target: 0.5, atMost: true}, "0.42 ms", "target ≤ 0.5 ms: met"},
		{figure{value: 400, unit: "MiB", target: 384, atMost: true}, "400 MiB", "target ≤ 384 MiB: not met"},
		{figure{value: 1.5}, "1.50", ""},
	} {
		if test.String() != test.shown || test.figure.verdict() != test.verdict {
			t.Errorf("%+v is shown as %s, %q", test.figure, test.String(), test.figure.verdict())
		}
	}
	if got := thousands(1_234_567) + " " + thousands(999) + " " + thousands(1000); got != "1,234,567 999 1,000" {
		t.Errorf("got %s", got)
	}
}

var exampleResults = []result{
	{name: "hot", rows: []row{{bare, measurement{60_000, time.Millisecond, 2 * time.Millisecond, 14 * time.Microsecond}}}, figures: []figure{
		{name: "share", value: 0.85, target: 0.8, chart: "hot <one order>", detail: `a & "b"`},
		{name: "hidden", value: 2},
	}},
	{name: "start", figures: []figure{{name: "start", value: 900, unit: "ms", target: 150, atMost: true, chart: "start"}}},
}

func TestPictureIsWellFormed(t *testing.T) {
	picture := drawing("a machine & its <CPU>; today", exampleResults)
	decoder, texts := xml.NewDecoder(bytes.NewReader(picture)), ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, picture)
		}
		if text, isText := token.(xml.CharData); isText {
			texts += string(text) + "\n"
		}
	}
	for _, want := range []string{"hot <one order>", `a & "b"`, "0.85", "≥ 0.80", "900 ms", "≤ 150 ms", "a machine & its <CPU>"} {
		if !strings.Contains(texts, want) {
			t.Errorf("the picture lacks %q", want)
		}
	}
	if strings.Contains(texts, "hidden") {
		t.Error("the picture shows a figure that has no name there")
	}
}

func TestMarkdownTablesAreRectangular(t *testing.T) {
	var text bytes.Buffer
	printMarkdown(&text, "a machine", exampleResults)
	var columns []int
	for line := range strings.Lines(text.String()) {
		if strings.HasPrefix(line, "|") {
			columns = append(columns, strings.Count(line, "|")-1)
		}
	}
	if want := []int{6, 6, 6, 4, 4, 4, 4, 4}; !slices.Equal(columns, want) {
		t.Errorf("%v columns, want %v, in\n%s", columns, want, &text)
	}
}
