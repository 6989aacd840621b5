package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestParameters(t *testing.T) {
	for _, test := range []struct{ body, refused string }{
		{`{"web_site":"1688","order_id":5000}`, ""},
		{` {"web_site":"alibaba","order_id":"9223372036854775807","edition":"2","attribute_keys":[],"include_fields":"RateDetail"} `, ""},
		{`{"web_site":"1688","order_id":5000,"include_fields":"OrderInvoice,GuaranteesTerms","attribute_keys":["a"]}`, ""},

		{``, "the body"},
		{`null`, "the body"},
		{`[]`, "the body"},
		{`{"web_site":"1688","order_id":5000`, "the body"},
		{`{"web_site":"1688","order_id":5000}x`, "something follows"},
		{`{"web_site":"1688","order_id":5000}{}`, "something follows"},
		{`{"web_site":"1688","order_id":5000,"order_id":5000}`, "order_id is there twice"},
		{"{\"web_site\":\"1688\",\"order_id\":5000,\"edition\":\"\xff\"}", "UTF-8"},
		{`{}`, "order_id is missing"},
		{`{"web_site":"1688","order_id":5000,"include_field":"RateDetail"}`, "include_field is no parameter"},

		{`{"order_id":5000}`, "web_site is missing"},
		{`{"web_site":"taobao","order_id":5000}`, "web_site"},
		{`{"web_site":"","order_id":5000}`, "web_site"},
		{`{"web_site":1688,"order_id":5000}`, "web_site"},
		{`{"web_site":null,"order_id":5000}`, "web_site"},

		{`{"web_site":"1688"}`, "order_id is missing"},
		{`{"web_site":"1688","order_id":null}`, "order_id"},
		{`{"web_site":"1688","order_id":0}`, "order_id"},
		{`{"web_site":"1688","order_id":-5}`, "order_id"},
		{`{"web_site":"1688","order_id":5000.0}`, "order_id"},
		{`{"web_site":"1688","order_id":5e3}`, "order_id"},
		{`{"web_site":"1688","order_id":9223372036854775808}`, "order_id"},
		{`{"web_site":"1688","order_id":"05000"}`, "order_id"},
		{`{"web_site":"1688","order_id":"+5000"}`, "order_id"},
		{`{"web_site":"1688","order_id":" 5000"}`, "order_id"},
		{`{"web_site":"1688","order_id":"５０００"}`, "order_id"},
		{`{"web_site":"1688","order_id":""}`, "order_id"},
		{`{"web_site":"1688","order_id":[5000]}`, "order_id"},

		{`{"web_site":"1688","order_id":5000,"include_fields":""}`, "include_fields"},
		{`{"web_site":"1688","order_id":5000,"include_fields":null}`, "include_fields"},
		{`{"web_site":"1688","order_id":5000,"include_fields":["RateDetail"]}`, "include_fields"},
		{`{"web_site":"1688","order_id":5000,"include_fields":"RateDetail, OrderInvoice"}`, "include_fields"},
		{`{"web_site":"1688","order_id":5000,"include_fields":"RateDetail,"}`, "include_fields"},
		{`{"web_site":"1688","order_id":5000,"include_fields":"ratedetail"}`, "include_fields"},
		{`{"web_site":"1688","order_id":5000,"include_fields":"RateDetail,RateDetail"}`, "include_fields"},

		{`{"web_site":"1688","order_id":5000,"attribute_keys":"a"}`, "attribute_keys"},
		{`{"web_site":"1688","order_id":5000,"attribute_keys":null}`, "attribute_keys"},
		{`{"web_site":"1688","order_id":5000,"attribute_keys":[1]}`, "attribute_keys"},
		{`{"web_site":"1688","order_id":5000,"attribute_keys":[""]}`, "attribute_keys"},

		{`{"web_site":"1688","order_id":5000,"edition":"3"}`, "edition"},
		{`{"web_site":"1688","order_id":5000,"edition":1}`, "edition"},
		{`{"web_site":"1688","order_id":5000,"edition":null}`, "edition"},
		{`{"web_site":"1688","order_id":5000,"edition":"` + strings.Repeat("1", maxRequestBytes) + `"}`, "too large"},
	} {
		s := New(Options{})
		w := post(s, test.body)
		answer := decode(t, w.Body.Bytes())
		want := json.Number("0")
		if test.refused != "" {
			want = "100"
		}
		if answer["status"] != want || w.Code != http.StatusOK {
			t.Errorf("%.100s: HTTP %d, status %v, want %s", test.body, w.Code, answer["status"], want)
		}
		refused := s.Calls()[0].Refused
		if !strings.Contains(refused, test.refused) || test.refused == "" && refused != "" {
			t.Errorf("%.100s: refused because %q, want %q", test.body, refused, test.refused)
		}
	}
}

func TestMediaType(t *testing.T) {
	for contentType, want := range map[string]json.Number{
		"application/json":                  "0",
		"application/json; charset=utf-8":   "0",
		"text/plain":                        "100",
		"application/x-www-form-urlencoded": "100",
		"":                                  "100",
	} {
		w := post(New(Options{}), parameters("1688", "5000", ""), "Content-Type", contentType)
		if got := decode(t, w.Body.Bytes())["status"]; got != want {
			t.Errorf("Content-Type %q: status %v, want %s", contentType, got, want)
		}
	}
}

// FuzzRequest looks for a body that is answered with anything but an order or a refusal.
func FuzzRequest(f *testing.F) {
	f.Add(`{"web_site":"1688","order_id":5000,"include_fields":"RateDetail","attribute_keys":["a"],"edition":"2"}`)
	f.Add(`{"web_site":"alibaba","order_id":"58218860983545941"}`)
	s := New(Options{SlowAnswer: 1, DripInterval: 1})
	f.Fuzz(func(t *testing.T, body string) {
		if members, err := readMembers([]byte(body)); err == nil {
			id, quoted := text(members["order_id"])
			if !quoted {
				id = string(members["order_id"])
			}
			if _, special := testsByID[id]; special {
				return // A test id may be answered with anything.
			}
		}
		w := post(s, body)
		status := decode(t, w.Body.Bytes())["status"]
		if refused := s.Calls()[len(s.Calls())-1].Refused; (status == json.Number("0")) != (refused == "") {
			t.Errorf("status %v, refused %q", status, refused)
		}
	})
}
