package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// post sends a body to a sandbox without a network.
func post(s *Sandbox, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// parameters returns a request body; empty include_fields leave the domains to the default.
func parameters(site, id, includeFields string, attributeKeys ...string) string {
	p := map[string]any{"web_site": site, "order_id": json.Number(id)}
	if includeFields != "" {
		p["include_fields"] = includeFields
	}
	if len(attributeKeys) > 0 {
		p["attribute_keys"] = attributeKeys
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(body)
}

const everyDomain = "GuaranteesTerms,NativeLogistics,RateDetail,OrderInvoice"

// decode reads a body as any JSON reader would, numbers as they are written.
func decode(t testing.TB, body []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		t.Fatalf("%v in %.300s", err, body)
	}
	return document
}

// fetch returns the result of a successful answer.
func fetch(t testing.TB, s *Sandbox, body string) map[string]any {
	t.Helper()
	answer := decode(t, post(s, body).Body.Bytes())
	if answer["status"] != json.Number("0") {
		t.Fatalf("%s: answered %v", body, answer)
	}
	return at(t, answer, "data.result").(map[string]any)
}

// at follows member names and list indexes; a missing one is nil.
func at(t testing.TB, value any, path string) any {
	t.Helper()
	for name := range strings.SplitSeq(path, ".") {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil {
				t.Fatalf("%s in %s is no index", name, path)
			}
			value = inner[i]
		default:
			return nil
		}
	}
	return value
}

func TestFixturesAreAnsweredByTheirID(t *testing.T) {
	files, err := filepath.Glob("fixtures/*.json")
	if err != nil || len(files) != 4 {
		t.Fatalf("fixtures: %v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := decode(t, text)
		id := at(t, want, "data.result.base_info.id_of_str").(string)
		got := post(New(Options{}), parameters("1688", id, everyDomain)).Body.Bytes()
		if !reflect.DeepEqual(decode(t, got), want) {
			t.Errorf("%s: the answer to %s differs: %s", file, id, got)
		}
	}
}

func TestFixtureKeepsEveryDigit(t *testing.T) {
	body := post(New(Options{}), parameters("1688", "2257164624870311973", "")).Body.String()
	for _, want := range []string{`"id":2257164624870311973`, `"total_amount":3070.0,`, `"step_order_id":9000000000000000003`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestFixturesBelongToOneSite(t *testing.T) {
	result := fetch(t, New(Options{}), parameters("alibaba", "58218860983545941", ""))
	if at(t, result, "base_info.buyer_id") == "b2b-2248544159" {
		t.Error("the order of 1688.com was answered for alibaba.com")
	}
}

func TestIncludeFields(t *testing.T) {
	parts := []struct{ domain, path string }{
		{"GuaranteesTerms", "guarantees_terms"},
		{"GuaranteesTerms", "product_items.0.guarantees_terms"},
		{"GuaranteesTerms", "product_items.2.guarantees_terms"},
		{"NativeLogistics", "native_logistics"},
		{"RateDetail", "order_rate_info.buyer_rate_list"},
		{"RateDetail", "order_rate_info.seller_rate_list"},
		{"OrderInvoice", "order_invoice_info"},
	}
	always := []string{"base_info", "product_items.0.name", "trade_terms", "order_rate_info.buyer_rate_status", "order_rate_info.seller_rate_status", "ext_attributes", "customs"}
	s := New(Options{})
	for mask := range allDomains + 1 {
		var names []string
		for i, name := range domainNames {
			if mask&(1<<i) != 0 {
				names = append(names, name)
			}
		}
		asked := strings.Join(names, ",")
		if mask == 0 { // the default
			names = []string{"GuaranteesTerms", "NativeLogistics", "OrderInvoice"}
		}
		result := fetch(t, s, parameters("1688", "900", asked))
		for _, part := range parts {
			want := strings.Contains(strings.Join(names, ","), part.domain)
			if got := at(t, result, part.path) != nil; got != want {
				t.Errorf("include_fields %q: %s there: %t, want %t", asked, part.path, got, want)
			}
		}
		for _, path := range always {
			if at(t, result, path) == nil {
				t.Errorf("include_fields %q: %s is missing", asked, path)
			}
		}
	}
}

// TestReviewsBesideTheirObject finds an order that has seller_rate_list where the document lists it.
func TestReviewsBesideTheirObject(t *testing.T) {
	s := New(Options{})
	for id := 100_000; ; id++ {
		if fetch(t, s, parameters("1688", strconv.Itoa(id), everyDomain))["seller_rate_list"] == nil {
			continue
		}
		if fetch(t, s, parameters("1688", strconv.Itoa(id), ""))["seller_rate_list"] != nil {
			t.Error("seller_rate_list came without RateDetail")
		}
		return
	}
}

func TestAttributeKeys(t *testing.T) {
	s := New(Options{})
	get := func(id string, keys ...string) []any {
		return fetch(t, s, parameters("1688", id, "", keys...))["ext_attributes"].([]any)
	}
	if got := get("50000"); len(got) != 0 {
		t.Errorf("no keys: %v", got)
	}
	both := get("50000", "color", "batch")
	if len(both) != 2 || at(t, both, "0.key") != "color" || at(t, both, "1.key") != "batch" {
		t.Errorf("two keys: %v", both)
	}
	if one := get("50000", "batch"); !reflect.DeepEqual(one[0], both[1]) {
		t.Errorf("the value of a key depends on the other keys: %v, %v", one, both)
	}
	if other := get("50001", "batch"); reflect.DeepEqual(other[0], both[1]) {
		t.Errorf("the value of a key does not depend on the order: %v", other)
	}
}

func TestEditionTwoOnlyAddsKeys(t *testing.T) {
	s := New(Options{})
	for _, id := range []string{"58218860983545941", "50000"} {
		body := `{"web_site":"1688","order_id":` + id + `,"edition":"`
		one, two := fetch(t, s, body+`1"}`), fetch(t, s, body+`2"}`)
		if added := missing("", two, one); len(added) == 0 {
			t.Errorf("%s: edition 2 adds nothing", id)
		}
		if lost := missing("", one, two); len(lost) > 0 {
			t.Errorf("%s: edition 2 changes %v", id, lost)
		}
	}
	again := fetch(t, s, `{"web_site":"1688","order_id":58218860983545941}`)
	if _, spoilt := at(t, again, "base_info").(map[string]any)["out_order_id"]; spoilt {
		t.Error("an answer of edition 2 changed the fixture")
	}
}

// missing returns the paths of what in a is not the same in b.
func missing(path string, a, b any) (paths []string) {
	switch a := a.(type) {
	case map[string]any:
		other, _ := b.(map[string]any)
		for name, value := range a {
			if _, there := other[name]; !there {
				paths = append(paths, join(path, name))
				continue
			}
			paths = append(paths, missing(join(path, name), value, other[name])...)
		}
	case []any:
		other, _ := b.([]any)
		if len(a) != len(other) {
			return []string{path}
		}
		for i := range a {
			paths = append(paths, missing(join(path, strconv.Itoa(i)), a[i], other[i])...)
		}
	default:
		if a != b {
			return []string{path}
		}
	}
	return paths
}

func TestRouting(t *testing.T) {
	for _, test := range []struct {
		method, target string
		status         int
	}{
		{http.MethodPost, Path + "/more", http.StatusNotFound},
		{http.MethodPost, "/", http.StatusNotFound},
		{http.MethodGet, Path, http.StatusMethodNotAllowed},
		{http.MethodPut, Path, http.StatusMethodNotAllowed},
		{http.MethodGet, "/_sandbox/nothing", http.StatusNotFound},
	} {
		s := New(Options{})
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(test.method, test.target, nil))
		if w.Code != test.status {
			t.Errorf("%s %s: status %d, want %d", test.method, test.target, w.Code, test.status)
		}
		if len(s.Calls()) != 0 {
			t.Errorf("%s %s counts as a call", test.method, test.target)
		}
	}
}

func TestRequireToken(t *testing.T) {
	s := New(Options{RequireToken: true})
	body := parameters("1688", "50000", "")
	if got := decode(t, post(s, body).Body.Bytes()); got["status"] != json.Number("204") {
		t.Errorf("without a token: %v", got)
	}
	if got := decode(t, post(s, body, "Authorization", "1798c6").Body.Bytes()); got["status"] != json.Number("0") {
		t.Errorf("with a token: %v", got["status"])
	}
}
