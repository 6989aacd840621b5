package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// impatience is how long the oracle waits for answers that never come.
const impatience = 150 * time.Millisecond

// maxAnswer is what the oracle reads of an answer at most.
const maxAnswer = 4 << 20

func start(t testing.TB, options Options) *Server {
	t.Helper()
	s, err := Start(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newClient(t testing.TB) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func newPost(ctx context.Context, url, body string) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

// ask posts over the network and tells what a strict client would make of the answer.
func ask(t testing.TB, client *http.Client, url, id string, patience time.Duration) (outcome, code string, body []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	response, err := client.Do(newPost(ctx, url, parameters(site1688, id, everyDomain, "color")))
	if err != nil {
		return outcomeError, failure(err), nil
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil && errors.Is(err, io.ErrUnexpectedEOF) || isReset(err):
		return outcomeError, "UPSTREAM_UNAVAILABLE", nil
	case errors.Is(err, context.DeadlineExceeded):
		return outcomeError, "UPSTREAM_TIMEOUT", nil
	case err != nil || len(body) == maxAnswer:
		return outcomeError, "UPSTREAM_BAD_RESPONSE", nil
	}
	outcome, code = judge(response.StatusCode, body, id)
	return outcome, code, body
}

func isReset(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) && strings.Contains(err.Error(), "reset by peer")
}

func failure(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "UPSTREAM_TIMEOUT"
	}
	return "UPSTREAM_UNAVAILABLE"
}

// judge applies the table of response codes.
func judge(status int, body []byte, id string) (outcome, code string) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !json.Valid(body) {
		return outcomeError, withoutEnvelope(status)
	}
	var envelope struct {
		Status, Code any
		Msg          string
		Data         any
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&envelope) != nil {
		return outcomeError, withoutEnvelope(status)
	}
	data, _ := envelope.Data.(map[string]any)
	responseCode := fmt.Sprint(firstNonNil(envelope.Status, envelope.Code, data["status"], "none"))
	order, _ := firstNonNil(data["result"], envelope.Data).(map[string]any)
	switch {
	case responseCode == "none" && order["base_info"] == nil:
		return outcomeError, withoutEnvelope(status)
	case responseCode != "0" && responseCode != "none":
		return outcomeError, errorCode(responseCode, envelope.Msg)
	case len(order) == 0 && envelope.Msg == texts[103]:
		return outcomeError, "ACCOUNT_NOT_FOUND"
	case len(order) == 0:
		return outcomeNull, ""
	}
	base, _ := order["base_info"].(map[string]any)
	switch got := firstNonNil(base["id_of_str"], base["id"]); {
	case fmt.Sprint(got) == id, id == "9007199254740993" && fmt.Sprint(got) == "9007199254740992":
		return outcomeOrder, ""
	default:
		return outcomeError, "UPSTREAM_BAD_RESPONSE"
	}
}

func firstNonNil(values ...any) any {
	for _, value := range values {
		if value != nil {
			return value
		}
	}
	return nil
}

func withoutEnvelope(status int) string {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "PERMISSION_OR_QUOTA"
	case status == http.StatusTooManyRequests:
		return "RATE_LIMITED"
	case status >= 500:
		return "UPSTREAM_UNAVAILABLE"
	default:
		return "UPSTREAM_BAD_RESPONSE"
	}
}

func errorCode(code, text string) string {
	codes := map[string]string{
		"100": "BAD_USER_INPUT", "101": "UPSTREAM_TIMEOUT", "103": "ACCOUNT_NOT_FOUND",
		"203": "UPSTREAM_UNSUPPORTED", "204": "PERMISSION_OR_QUOTA", "302": "SHOP_NOT_AUTHORIZED",
	}
	switch {
	case code == "204" && strings.Contains(text, "权限"):
		return "PERMISSION_DENIED"
	case code == "204" && strings.Contains(text, "次数"):
		return "QUOTA_EXHAUSTED"
	case codes[code] != "":
		return codes[code]
	default:
		return "UPSTREAM_ERROR"
	}
}

func TestEachTestIDDoesWhatItSays(t *testing.T) {
	s := start(t, Options{SlowAnswer: time.Millisecond, DripInterval: time.Millisecond})
	client := newClient(t)
	for _, test := range TestIDs() {
		t.Run(test.ID+"_"+test.Name, func(t *testing.T) {
			patience := 30 * time.Second
			if test.Code == "UPSTREAM_TIMEOUT" && test.ID != "101" {
				patience = impatience
			}
			outcome, code, body := ask(t, client, s.URL, test.ID, patience)
			if test.Code == "UPSTREAM_BAD_DATA" { // which the oracle can't see: it decodes no values
				code = test.Code
			}
			if outcome != test.Outcome || code != test.Code {
				t.Errorf("%s %s, want %s %s: %.200s", outcome, code, test.Outcome, test.Code, body)
			}
			calls := s.Calls()
			if last := calls[len(calls)-1]; last.OrderID != test.ID || last.Answer != test.Name {
				t.Errorf("logged as %s of order %s", last.Answer, last.OrderID)
			}
		})
	}
}

func TestTestIDsAreWellFormed(t *testing.T) {
	id, name := regexp.MustCompile(`^[1-9][0-9]{0,18}$`), regexp.MustCompile(`^[a-z0-9]+([-_][a-z0-9]+)*$`)
	ids, names := map[string]bool{}, map[string]bool{"order": true, "refused": true}
	for _, test := range TestIDs() {
		if !id.MatchString(test.ID) || ids[test.ID] || fixtures[test.ID] != nil {
			t.Errorf("%s is no order id, or there twice", test.ID)
		}
		if !name.MatchString(test.Name) || names[test.Name] {
			t.Errorf("%s: the name %q is bad or there twice", test.ID, test.Name)
		}
		if test.What == "" || (test.Outcome == outcomeError) != (test.Code != "") && test.Code != "UPSTREAM_BAD_DATA" {
			t.Errorf("%+v is incomplete", test)
		}
		ids[test.ID], names[test.Name] = true, true
	}
}

// TestErrorEnvelopesAreTheDocuments compares the answers of the response codes with samples.
func TestErrorEnvelopesAreTheDocuments(t *testing.T) {
	for id, file := range map[string]string{
		"100": "err_100_bad_request.json", "101": "err_101_timeout.json", "2041": "err_204_no_permission.json",
		"2042": "err_204_quota_exhausted.json", "302": "err_302_unauthorized_auth_link_object.json",
		"800": "err_000_success_but_null_data.json",
	} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		want := decode(t, text)
		got := decode(t, post(New(Options{}), parameters(site1688, id, "")).Body.Bytes())
		if fmt.Sprint(got["status"], got["msg"]) != fmt.Sprint(want["status"], want["msg"]) {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
		if id == "302" && fmt.Sprint(got["data"]) != fmt.Sprint(want["data"]) {
			t.Errorf("%s: data %v, want %v", id, got["data"], want["data"])
		}
	}
}

func TestPoints(t *testing.T) {
	for id, want := range map[string]int64{
		"50000": 1, "58218860983545941": 1, "809": 3, "802": 1,
		"100": 0, "2042": 0, "500": 0, "800": 0, "801": 0,
	} {
		s := New(Options{})
		body := post(s, parameters(site1688, id, "")).Body.Bytes()
		var answer map[string]any
		if json.Valid(body) {
			answer = decode(t, body)
		}
		data, _ := answer["data"].(map[string]any)
		points, _ := data["deduct_money"].(json.Number)
		if got := s.Totals().Points; got != want || want > 0 && points.String() != fmt.Sprint(want) {
			t.Errorf("%s: %d points counted, %s answered, want %d", id, got, points, want)
		}
	}
}

func TestStatusIDs(t *testing.T) {
	s := New(Options{})
	for i, status := range statusTexts {
		for _, site := range []string{site1688, siteAlibaba} {
			result := fetch(t, s, parameters(site, fmt.Sprint(i+1), ""))
			if got := at(t, result, "base_info.status"); got != status[0] {
				t.Errorf("%d on %s: status %v, want %s", i+1, site, got, status[0])
			}
		}
	}
}

func TestFlipChangesWithEachCall(t *testing.T) {
	s := New(Options{})
	for _, want := range []string{"waitsellersend", "waitbuyerreceive", "waitsellersend"} {
		if got := at(t, fetch(t, s, parameters(site1688, "910", "")), "base_info.status"); got != want {
			t.Errorf("status %v, want %s", got, want)
		}
	}
}

func TestMalformedValues(t *testing.T) {
	result := fetch(t, New(Options{}), parameters(site1688, "904", everyDomain))
	good := fetch(t, New(Options{}), parameters(site1688, "900", everyDomain))
	for path := range malformedValues {
		if at(t, result, path) == nil || at(t, good, path) == nil {
			t.Errorf("%s is missing", path)
		}
		name := path[strings.LastIndexByte(path, '.')+1:]
		if !strings.Contains(malformedPlaces, name) {
			t.Errorf("%s is not told to people", name)
		}
	}
	images := at(t, result, "product_items.1.product_img_url").([]any)
	if _, wrong := images[1].(map[string]any); !wrong {
		t.Errorf("product_img_url: %v", images)
	}
}

func TestUnknownEnums(t *testing.T) {
	result := fetch(t, New(Options{}), parameters(site1688, "903", everyDomain))
	values := map[string]map[string]bool{}
	collect(result, "", values)
	for path, unknown := range unknownValues {
		if len(values[path]) != 1 || !values[path][fmt.Sprint(unknown)] {
			t.Errorf("%s: %v, want %v", path, values[path], unknown)
		}
	}
}

func TestSentinels(t *testing.T) {
	result := fetch(t, New(Options{}), parameters(site1688, "901", everyDomain))
	for path, want := range map[string]any{
		"base_info.alipay_trade_id":                                 "UNCREATED",
		"base_info.seller_contact.phone":                            "86-",
		"native_logistics.logistics_items.0.logistics_bill_no":      "不需要物流",
		"native_logistics.logistics_items.0.from_post":              "000000",
		"native_logistics.logistics_items.0.no_logistics_condition": "-1",
		"base_info.close_operate_type":                              "",
		"order_biz_info":                                            "",
		"base_info.status":                                          "success",
	} {
		if got := at(t, result, path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	values := map[string]map[string]bool{}
	collect(result, "", values)
	times := map[string]bool{}
	for path, forms := range values {
		if isTime(leaf(path)) {
			maps.Copy(times, forms)
		}
	}
	for _, want := range []string{"", "0", "0000-00-00 00:00:00"} {
		if !times[want] {
			t.Errorf("no time is %q", want)
		}
	}
}

// TestOtherFormsKeepTheValues compares the oddly written order with a plain one of the same id.
func TestOtherFormsKeepTheValues(t *testing.T) {
	s := New(Options{})
	odd := fetch(t, s, parameters(site1688, "907", everyDomain))["base_info"].(map[string]any)
	e := &exchange{request: request{site: site1688, orderID: 907}}
	plain := decode(t, appendDocument(nil, e.rich().get("base_info"), appendString))
	if decimal(t, odd["total_amount"]).Cmp(decimal(t, plain["total_amount"])) != 0 {
		t.Errorf("total_amount %v, want %v", odd["total_amount"], plain["total_amount"])
	}
	written := plain["create_time"].(string)
	want, err := time.Parse("20060102150405-0700", written[:14]+written[17:])
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]bool{}
	for name, value := range odd {
		if !isTime(name) || name == "create_time" {
			continue
		}
		forms[fmt.Sprintf("%T %d", value, len(fmt.Sprint(value)))] = true
	}
	if len(forms) < 3 {
		t.Errorf("only these forms of times: %v", forms)
	}
	if got := odd["create_time"]; got != want.In(shanghai).Format(time.DateTime) {
		t.Errorf("create_time %v, want %v in Shanghai", got, want)
	}
}

func TestPHP(t *testing.T) {
	body := post(New(Options{}), parameters(site1688, "905", everyDomain)).Body.Bytes()
	result := at(t, decode(t, body), "data.result").(map[string]any)
	if bytes.IndexFunc(body, func(c rune) bool { return c > '~' }) >= 0 || bytes.Contains(body, []byte("://")) {
		t.Error("text is not escaped")
	}
	items := result["product_items"].(map[string]any)
	if len(items) != 3 || at(t, items, "14.sub_item_id") == nil {
		t.Errorf("product_items: %v", items)
	}
	if _, isText := at(t, result, "base_info.total_amount").(string); !isText {
		t.Errorf("total_amount: %v", at(t, result, "base_info.total_amount"))
	}
}

func TestMangled(t *testing.T) {
	result := fetch(t, New(Options{}), parameters(site1688, "906", everyDomain))
	for path, want := range map[string]string{
		"product_items.0.product_snapshot_url":            "https: //trade.example.test/order/offersnapshot.htm?orderentryid=1000906",
		"native_logistics.logistics_items.0.sub_item_ids": "\n",
		"product_items.0.gmt_pay_expire_time":             ": ",
	} {
		if got := fmt.Sprint(at(t, result, path)); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if at(t, result, "product_items.0.sub_item_idstring") == nil || at(t, result, "product_items.1.sub_item_idstring") != nil {
		t.Error("only the first line item should have its exact id")
	}
	if got := rounded(number("128403042259997715")); got != "128403042259997712" {
		t.Errorf("rounded to %s", got)
	}
}

// TestRedirectsShowWhoFollows follows them, as no client should.
func TestRedirectsShowWhoFollows(t *testing.T) {
	s := start(t, Options{})
	client := newClient(t)
	client.CheckRedirect = nil
	for _, id := range []string{"307", "308"} {
		s.Reset()
		response, err := client.Do(newPost(t.Context(), s.URL, parameters(site1688, id, "")))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if calls := s.Calls(); response.StatusCode != http.StatusOK || len(calls) != 2 || calls[1].Answer != "order" {
			t.Errorf("%s: HTTP %d, calls %+v", id, response.StatusCode, calls)
		}
	}
}

func TestGzipBombInflates(t *testing.T) {
	s := start(t, Options{})
	response, err := newClient(t).Do(newPost(t.Context(), s.URL, parameters(site1688, "706", "")))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(response.Body, 64*mebibyte))
	if err != nil || n != 64*mebibyte {
		t.Errorf("%d bytes, %v", n, err)
	}
	head, piece := bomb()
	if sent := len(head) + 1024*len(piece); sent > 4*mebibyte {
		t.Errorf("%d bytes would be sent", sent)
	}
}
