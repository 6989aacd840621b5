package upstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	documentedKey = Key{ID: 58218860983545941}
	fetchedAt     = time.Date(2024, 5, 1, 8, 2, 10, 123_456_789, time.FixedZone("", 8*3600))
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "fixtures", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestDecodeAnswerFixtures(t *testing.T) {
	var manifest []struct {
		File        string
		Expect      string
		OrderID     string   `json:"order_id"`
		Status      string   `json:"status"`
		Total       string   `json:"total"`
		Adjustment  string   `json:"price_adjustment"`
		LineItemIDs []string `json:"line_item_ids"`
		ShipmentIDs []string `json:"shipment_line_item_ids"`
		RepaymentAt string   `json:"credit_repayment_due"`
		Code        int      `json:"upstream_code"`
		Kind        string   `json:"error_kind"`
		AuthURL     string   `json:"authorization_url"`
	}
	if err := json.Unmarshal(fixture(t, "manifest.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]Kind{
		"INVALID_ARGUMENT": KindBadUserInput, "UPSTREAM_TIMEOUT": KindTimeout, "PERMISSION_DENIED": KindPermissionDenied,
		"QUOTA_EXHAUSTED": KindQuotaExhausted, "SHOP_NOT_AUTHORIZED": KindShopNotAuthorized,
	}
	for _, want := range manifest {
		t.Run(want.File, func(t *testing.T) {
			key := documentedKey
			if want.OrderID != "" {
				id, err := ParseOrderID(want.OrderID)
				if err != nil {
					t.Fatal(err)
				}
				key.ID = id
			}
			answer, err := DecodeAnswer(fixture(t, want.File), key, fetchedAt)
			switch {
			case want.Kind == "ORDER_NOT_FOUND_OR_EMPTY":
				if err != nil || answer.Order != nil {
					t.Fatalf("got order %v and error %v, want neither", answer.Order, err)
				}
				return
			case want.Expect == "error":
				refusal, ok := errors.AsType[*Error](err)
				if !ok || refusal.Kind != kinds[want.Kind] || refusal.Status != want.Code || refusal.AuthorizationURL != want.AuthURL {
					t.Fatalf("got %#v, want %s with code %d", err, want.Kind, want.Code)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			order := answer.Order
			check := func(what, got, want string) {
				t.Helper()
				if want != "" && got != want {
					t.Errorf("%s is %q, want %q", what, got, want)
				}
			}
			check("id", order.ID.String(), want.OrderID)
			check("status", order.Status.String(), want.Status)
			if order.Total != nil {
				if want.Total != "" && !sameNumber(string(order.Total.Amount), want.Total) {
					t.Errorf("total is %s, want %s", order.Total.Amount, want.Total)
				}
				check("currency", string(order.Total.CurrencyCode), "CNY")
			}
			check("adjustment", string(order.PriceAdjustment.Amount), want.Adjustment)
			if want.RepaymentAt != "" {
				check("repayment due at", order.BusinessInfo.CreditPayment.RepaymentDueAt.String(), want.RepaymentAt)
			}
			if want.LineItemIDs != nil {
				var ids []string
				for _, item := range order.LineItems {
					ids = append(ids, string(item.ID))
				}
				if !slices.Equal(ids, want.LineItemIDs) {
					t.Errorf("line items %v, want %v", ids, want.LineItemIDs)
				}
			}
			if want.ShipmentIDs != nil {
				var ids []string
				for _, id := range order.DomesticShipping.Shipments[0].LineItemIDs {
					ids = append(ids, string(id))
				}
				if !slices.Equal(ids, want.ShipmentIDs) {
					t.Errorf("the shipment's line items %v, want %v", ids, want.ShipmentIDs)
				}
			}
			if len(order.BadValues) > 0 {
				t.Errorf("bad values %v", order.BadValues)
			}
			if answer.Points != 1 {
				t.Errorf("%d points, want 1", answer.Points)
			}
		})
	}
}

// sameNumber compares values: the manifest writes 3070.00 where the body has 3070.0.
func sameNumber(a, b string) bool {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}

func TestDecodeAnswerStampsRequest(t *testing.T) {
	key := Key{Site: WebSiteAlibaba, Edition: EditionV2, ID: documentedKey.ID}
	answer, err := DecodeAnswer(fixture(t, "01_seed_sample_repaired.json"), key, fetchedAt)
	if err != nil {
		t.Fatal(err)
	}
	order := answer.Order
	if order.ID != key.ID || order.WebSite != key.Site || order.Edition != key.Edition {
		t.Errorf("the order is %v at %v in %v", order.ID, order.WebSite, order.Edition)
	}
	if got := order.FetchedAt.Format(time.RFC3339Nano); got != "2024-05-01T00:02:10.123Z" {
		t.Errorf("fetched at %s, want UTC in milliseconds", got)
	}
	if order.Total.CurrencyCode != "" {
		t.Errorf("currency %q, want none for the international site", order.Total.CurrencyCode)
	}
}

const baseInfo = `"base_info":{"id_of_str":"58218860983545941","status":"success"}`

func TestDecodeAnswerFindsOrder(t *testing.T) {
	for name, body := range map[string]string{
		"documented":             `{"data":{"result":{` + baseInfo + `}},"status":0}`,
		"without result":         `{"data":{` + baseInfo + `},"status":0}`,
		"result on top":          `{"result":{` + baseInfo + `},"status":0}`,
		"nothing around":         `{` + baseInfo + `}`,
		"no code":                `{"data":{"result":{` + baseInfo + `}}}`,
		"code null":              `{"status":null,"code":null,"data":{` + baseInfo + `}}`,
		"code as text":           `{"status":"0","data":{` + baseInfo + `}}`,
		"named code":             `{"code":0,"msg":"成功","time":1,"data":{"result":{` + baseInfo + `}}}`,
		"status is a word":       `{"status":"ok","code":"0","data":{` + baseInfo + `}}`,
		"empty result beside":    `{"data":{"result":[],` + baseInfo + `},"status":0}`,
		"last of two datas":      `{"data":null,"status":0,"data":{` + baseInfo + `}}`,
		"code inside data":       `{"data":{"status":0,"result":{` + baseInfo + `}}}`,
		"byte order mark":        "\ufeff" + `{"data":{"result":{` + baseInfo + `}},"status":0}`,
		"lone surrogates":        `{"msg":"\ud83d","\ude00":"\ud83d\ud83d","data":{` + baseInfo + `},"status":0}`,
		"no UTF-8":               "{\"msg\":\"\xff\",\"\xff\":0,\"data\":{" + baseInfo + `},"status":0}`,
		"no id":                  `{"data":{"base_info":{"status":"success"}},"status":0}`,
		"rounded to a float64":   `{"data":{"base_info":{"id":58218860983545944}},"status":0}`,
		"rounded, with exponent": `{"data":{"base_info":{"id":5.8218860983545944e16}},"status":0}`,
		"malformed text id":      `{"data":{"base_info":{"id_of_str":{"a":1},"id":58218860983545941}},"status":0}`,
		"exact id decides":       `{"data":{"base_info":{"id_of_str":"58218860983545941","id":1}},"status":0}`,
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := DecodeAnswer([]byte(body), documentedKey, fetchedAt)
			if err != nil || answer.Order == nil {
				t.Fatalf("got order %v and error %v", answer.Order, err)
			}
		})
	}
}

func TestDecodeAnswerWithoutOrder(t *testing.T) {
	for _, body := range []string{
		`{"data":null,"status":0}`,
		`{"data":[],"status":0}`,
		`{"data":{},"status":0}`,
		`{"data":"","status":"0"}`,
		`{"status":0}`,
		`{"code":0,"msg":"成功"}`,
		`{"data":{"result":null},"status":0}`,
		`{"data":{"result":{}},"status":0}`,
		`{"data":{"result":[],"deduct_money":1},"status":0}`,
		`{"data":{"result":{"base_info":null,"product_items":[],"deduct_money":1}},"status":0}`,
		`{"data":{"base_info":{},"trade_terms":[]},"status":0}`,
		`{"data":{"msg":"成功","time":5},"status":0}`,
		`{"status":0,"msg":"success","data":null}`,
		`{"status":0,"message":"操作成功","success":true,"data":[]}`,
		`{"code":"0","success":"true","errorCode":null,"errorMessage":"","data":null}`,
		`{"status":0,"success":1,"error_code":0,"error_message":"ok","data":{"result":{}}}`,
		`{"status":0,"error_code":"0","error":false,"errors":[],"data":{"success":"Y","error_message":null,"result":[]}}`,
		`{"status":0,"errcode":"0.0","errmsg":"操作成功!","data":{"success":"success"}}`,
		`{"status":0,"msg":"订单不存在","data":null}`,
		`{"status":0,"code":1,"data":null}`,
	} {
		answer, err := DecodeAnswer([]byte(body), documentedKey, fetchedAt)
		if err != nil || answer.Order != nil {
			t.Errorf("%s: got order %v and error %v, want neither", body, answer.Order, err)
		}
	}
}

func TestDecodeAnswerErrors(t *testing.T) {
	for _, test := range []struct {
		body string
		want Error
	}{
		{`{"status":100}`, Error{Kind: KindBadUserInput, Status: 100}},
		{`{"status":"101"}`, Error{Kind: KindTimeout, Status: 101, Outage: true}},
		{`{"code":103,"data":[]}`, Error{Kind: KindAccountNotFound, Status: 103}},
		{`{"data":{"code":"200"}}`, Error{Kind: KindUpstreamError, Status: 200, Outage: true}},
		{`{"status":203.0}`, Error{Kind: KindUnsupported, Status: 203}},
		{`{"status":500}`, Error{Kind: KindUpstreamError, Status: 500}},
		{`{"status":-1}`, Error{Kind: KindUpstreamError, Status: -1}},
		{`{"status":100,"data":{` + baseInfo + `}}`, Error{Kind: KindBadUserInput, Status: 100}},

		{`{"status":204}`, Error{Kind: KindPermissionOrQuota, Status: 204}},
		{`{"status":204,"msg":"请求异常"}`, Error{Kind: KindPermissionOrQuota, Status: 204}},
		{`{"status":204,"msg":5}`, Error{Kind: KindPermissionOrQuota, Status: 204}},
		{`{"status":204,"message":"无该接口权限"}`, Error{Kind: KindPermissionDenied, Status: 204}},
		{`{"status":204,"msg":"","error":"无该接口权限"}`, Error{Kind: KindPermissionDenied, Status: 204}},
		{`{"status":204,"errmsg":"余额不足"}`, Error{Kind: KindQuotaExhausted, Status: 204}},
		{`{"status":204,"error_message":"请充值"}`, Error{Kind: KindQuotaExhausted, Status: 204}},
		{`{"status":204,"errorMessage":"请兑换"}`, Error{Kind: KindQuotaExhausted, Status: 204}},
		{`{"status":204,"data":{"msg":"API调用次数不足"}}`, Error{Kind: KindQuotaExhausted, Status: 204}},
		{`{"status":204,"data":"API调用次数不足"}`, Error{Kind: KindQuotaExhausted, Status: 204}},
		{`{"status":204,"msg":"无权限,请充值"}`, Error{Kind: KindPermissionOrQuota, Status: 204}},

		{`{"status":302}`, Error{Kind: KindShopNotAuthorized, Status: 302}},
		{`{"status":302,"data":{"authUrl":"https://a.example/1"}}`, Error{Kind: KindShopNotAuthorized, Status: 302, AuthorizationURL: "https://a.example/1"}},
		{`{"status":302,"data":{"auth_url":"https: //a.example/1"}}`, Error{Kind: KindShopNotAuthorized, Status: 302, AuthorizationURL: "https://a.example/1"}},
		{`{"status":302,"data":{"auth_link":"","url":"//a.example/1"}}`, Error{Kind: KindShopNotAuthorized, Status: 302, AuthorizationURL: "https://a.example/1"}},
		{`{"status":302,"data":{"auth_link":"javascript:alert(1)","link":"http://a.example/1"}}`, Error{Kind: KindShopNotAuthorized, Status: 302, AuthorizationURL: "http://a.example/1"}},
		{`{"status":302,"data":"http://a.example/1"}`, Error{Kind: KindShopNotAuthorized, Status: 302, AuthorizationURL: "http://a.example/1"}},
		{`{"status":302,"data":"请扫码 http://a.example/1"}`, Error{Kind: KindShopNotAuthorized, Status: 302, AuthorizationURL: "http://a.example/1"}},
		{`{"status":302,"msg":"请扫码http://a.example/?id=ZA==。谢谢"}`, Error{Kind: KindShopNotAuthorized, Status: 302, AuthorizationURL: "http://a.example/?id=ZA=="}},
		{`{"status":302,"msg":"<a href=\"http://a.example/1\">"}`, Error{Kind: KindShopNotAuthorized, Status: 302, AuthorizationURL: "http://a.example/1"}},
		{`{"status":302,"data":{"auth_link":"javascript:alert(1)"},"msg":"ftp://a.example"}`, Error{Kind: KindShopNotAuthorized, Status: 302}},

		{``, Error{Kind: KindBadResponse, Outage: true, Cause: errNoEnvelope}},
		{`null`, Error{Kind: KindBadResponse, Cause: errNoEnvelope}},
		{`[]`, Error{Kind: KindBadResponse, Cause: errNoEnvelope}},
		{`"x"`, Error{Kind: KindBadResponse, Cause: errNoEnvelope}},
		{`{}`, Error{Kind: KindBadResponse, Cause: errNoEnvelope}},
		{`{"data":null}`, Error{Kind: KindBadResponse, Cause: errNoEnvelope}},
		{`<html>`, Error{Kind: KindBadResponse, Outage: true, Cause: errNoEnvelope}},
		{`{"status":0}{}`, Error{Kind: KindBadResponse, Outage: true, Cause: errNoEnvelope}},
		{`{"status":0,"data":{` + baseInfo, Error{Kind: KindBadResponse, Outage: true, Cause: errNoEnvelope}},
		{"{\"status\":0,\"data\":{\"base_info\":{\"remark\":\xff}}}", Error{Kind: KindBadResponse, Outage: true, Cause: errNoEnvelope}},
		{`{"error_code":"gw.QosAppFrequencyLimit","error_message":"App call exceeds limited frequency"}`, Error{Kind: KindBadResponse, Cause: errNoEnvelope}},
		{`{"status":true,"data":{}}`, Error{Kind: KindBadResponse, Cause: errNoEnvelope}},
		{`{"status":99999999999}`, Error{Kind: KindBadResponse, Cause: errNoEnvelope}},
		{strings.Repeat(`{"data":`, 200_000), Error{Kind: KindBadResponse, Outage: true, Cause: errNoEnvelope}},

		{`{"status":0,"data":{"product_items":[{"name":"x"}]}}`, Error{Kind: KindBadResponse, Cause: errNoBaseInfo}},
		{`{"status":0,"data":{"result":{"base_info":[],"trade_terms":[{"phase":1}]}}}`, Error{Kind: KindBadResponse, Cause: errNoBaseInfo}},
		{`{"status":0,"data":{"result":{"base_info":"x"}}}`, Error{Kind: KindBadResponse, Cause: errNoBaseInfo}},
		{`{"status":0,"data":{"result":{"sucess":"false"}}}`, Error{Kind: KindBadResponse, Cause: errNoBaseInfo}},
		{`{"status":0,"data":{"result":"x"}}`, Error{Kind: KindBadResponse, Cause: errWrongShape}},
		{`{"status":0,"data":"x"}`, Error{Kind: KindBadResponse, Cause: errWrongShape}},
		{`{"status":0,"data":[{` + baseInfo + `}]}`, Error{Kind: KindBadResponse, Cause: errWrongShape}},

		{`{"status":0,"data":{"base_info":{"id_of_str":"58218860983545999"}}}`, Error{Kind: KindBadResponse, Cause: errAnotherOrder}},
		{`{"status":0,"data":{"base_info":{"id":58218860983545999}}}`, Error{Kind: KindBadResponse, Cause: errAnotherOrder}},
		{`{"status":0,"data":{"base_info":{"id_of_str":"58218860983545999","id":58218860983545941}}}`, Error{Kind: KindBadResponse, Cause: errAnotherOrder}},
		{`{"status":0,"data":{"base_info":{"id":"abc"}}}`, Error{Kind: KindBadResponse, Cause: errAnotherOrder}},
		{`{"status":0,"data":{"base_info":{"id":{"a":1}}}}`, Error{Kind: KindBadResponse, Cause: errAnotherOrder}},
		{`{"status":0,"data":{"base_info":{"id":0}}}`, Error{Kind: KindBadResponse, Cause: errAnotherOrder}},
	} {
		answer, err := DecodeAnswer([]byte(test.body), documentedKey, fetchedAt)
		refusal, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%.200s: no *Error but %v", test.body, err)
			continue
		}
		got := *refusal
		if test.want.Cause != nil && errors.Is(got.Cause, test.want.Cause) {
			got.Cause = test.want.Cause
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%.200s: got %+v, want %+v", test.body, got, test.want)
		}
		if answer.Order != nil {
			t.Errorf("%.200s: an order beside the error", test.body)
		}
	}
}

// TestDecodeAnswerWithError puts errors at every level of a success. None of them means that there is no
// such order.
func TestDecodeAnswerWithError(t *testing.T) {
	levels := map[string]string{
		"the envelope":         `{"status":0,%s}`,
		"beside nothing":       `{"status":0,"data":null,%s}`,
		"data":                 `{"status":0,"data":{"deduct_money":1,%s}}`,
		"data behind the code": `{"data":{%s},"code":"0","msg":"成功"}`,
		"result":               `{"status":0,"data":{"deduct_money":1,"result":{%s}}}`,
		"result on top":        `{"status":0,"result":{%s}}`,
		"data, a list of one":  `{"status":0,"data":[{%s}]}`,
		"data, numbered":       `{"status":0,"data":{"0":{%s}}}`,
		"result, a list":       `{"status":0,"data":{"result":[{%s}]}}`,
	}
	for _, test := range []struct {
		members string
		want    Kind
	}{
		{`"error_code":"gw.QosAppFrequencyLimit","error_message":"App call exceeds limited frequency"`, KindBadResponse},
		{`"errorCode":"gw.APIACLDecline"`, KindBadResponse},
		{`"error_code":"401","error_message":""`, KindBadResponse},
		{`"error_code":500`, KindBadResponse},
		{`"error_message":"AppKey is not allowed(acl)"`, KindBadResponse},
		{`"errorMessage":"AppKey is not allowed(acl)"`, KindBadResponse},
		{`"ERROR_CODE":"x"`, KindBadResponse},
		{`"error":"denied"`, KindBadResponse},
		{`"errmsg":"denied","errcode":-1`, KindBadResponse},
		{`"errors":[{"message":"denied"}]`, KindBadResponse},
		{`"error":{"code":"denied"}`, KindBadResponse},
		{`"success":false`, KindBadResponse},
		{`"success":"false"`, KindBadResponse},
		{`"success":"False","errorCode":null`, KindBadResponse},
		{`"success":0`, KindBadResponse},
		{`"success":"N"`, KindBadResponse},
		{`"success":"failed"`, KindBadResponse},
		{`"msg":"请求参数错误"`, KindBadUserInput},
		{`"message":"请求超时,请重试"`, KindTimeout},
		{`"msg":"请求超时，请重试。"`, KindTimeout},
		{`"msg":"旺旺账号不存在"`, KindAccountNotFound},
		{`"message":" 系统错误, 请联系客服 "`, KindUpstreamError},
		{`"msg":"暂不支持当前接口"`, KindUnsupported},
		{`"msg":"请求异常:无该接口权限,请前往官网开通正式接口。"`, KindPermissionDenied},
		{`"message":"请求异常:API调用次数不足,请前往网站兑换次数。"`, KindQuotaExhausted},
		{`"msg":"未授权店铺"`, KindShopNotAuthorized},
		{`"success":false,"error_code":"x","error_message":"请求异常:API调用次数不足,请前往网站兑换次数。"`, KindQuotaExhausted},
		{`"errorMessage":"旺旺账号不存在"`, KindAccountNotFound},
	} {
		for name, level := range levels {
			body := fmt.Sprintf(level, test.members)
			answer, err := DecodeAnswer([]byte(body), documentedKey, fetchedAt)
			if KindOf(err) != test.want || answer.Order != nil {
				t.Errorf("%s: %s: got %v and %v, want %v", name, body, answer.Order, err, test.want)
			}
			if failure, ok := errors.AsType[*Error](err); ok && failure.Status != 0 {
				t.Errorf("%s: %s: status %d, which nobody sent", name, body, failure.Status)
			}
		}
	}
	for body, want := range map[string]Error{
		`{"status":0,"data":{"code":103,"msg":"x"}}`:                                   {Kind: KindAccountNotFound, Status: 103},
		`{"status":0,"data":{"status":"204","msg":"余额不足"}}`:                            {Kind: KindQuotaExhausted, Status: 204},
		`{"status":0,"data":{"result":{"code":-1}}}`:                                   {Kind: KindUpstreamError, Status: -1},
		`{"status":0,"data":"请求异常:API调用次数不足,请前往网站兑换次数。"}`:                              {Kind: KindQuotaExhausted},
		`{"status":0,"data":{"result":"旺旺账号不存在"}}`:                                     {Kind: KindAccountNotFound},
		`{"status":0,"msg":"未授权店铺,请扫码 http://a.example/1"}`:                            {Kind: KindShopNotAuthorized, AuthorizationURL: "http://a.example/1"},
		`{"status":0,"data":{"msg":"未授权店铺","auth_link":"https://a.example/1"}}`:        {Kind: KindShopNotAuthorized, AuthorizationURL: "https://a.example/1"},
		`{"status":0,"data":{"msg":"未授权店铺","auth_link":"javascript:alert(1)"}}`:        {Kind: KindShopNotAuthorized},
		`{"status":0,"data":{"result":{"msg":"系统错误","product_items":[{"name":"x"}]}}}`: {Kind: KindUpstreamError, Outage: true},
	} {
		_, err := DecodeAnswer([]byte(body), documentedKey, fetchedAt)
		if failure, ok := errors.AsType[*Error](err); !ok || !reflect.DeepEqual(*failure, want) {
			t.Errorf("%s: %#v, want %#v", body, err, want)
		}
	}
}

// TestDecodeAnswerWithHarmlessMembers has a good order beside members that would be errors without it.
func TestDecodeAnswerWithHarmlessMembers(t *testing.T) {
	for _, members := range []string{
		`"msg":"success"`, `"msg":"成功"`, `"message":"操作成功"`, `"success":"true"`, `"success":true`, `"error_code":null`, `"error_code":""`,
		`"errorCode":0`, `"error_code":"0"`, `"errorMessage":""`, `"error_message":"success"`,
		`"success":"false"`, `"error_code":"x"`, `"msg":"系统错误,请联系客服"`, `"code":7`,
	} {
		for _, body := range []string{
			`{"status":0,` + members + `,"data":{"result":{` + baseInfo + `}}}`,
			`{"status":0,"data":{` + members + `,"result":{` + baseInfo + `}}}`,
			`{"status":0,"data":{"result":{` + baseInfo + `,` + members + `}}}`,
		} {
			answer, err := DecodeAnswer([]byte(body), documentedKey, fetchedAt)
			if err != nil || answer.Order == nil || len(answer.Order.BadValues) > 0 {
				t.Errorf("%s: %v, %v", body, answer.Order, err)
			}
		}
	}
}

func TestDecodeAnswerPoints(t *testing.T) {
	for body, want := range map[string]int{
		`{"status":0,"data":{"deduct_money":3}}`:                                 3,
		`{"status":0,"data":{"deduct_money":"2","result":{"deduct_money":5}}}`:   2,
		`{"status":0,"data":{"result":{"deduct_money":5,` + baseInfo + `}}}`:     5,
		`{"status":0,"data":{"deduct_money":null,"result":{"deduct_money":5}}}`:  5,
		`{"status":0,"deduct_money":4}`:                                          4,
		`{"status":0,"result":{"deduct_money":4}}`:                               4,
		`{"status":0,"data":{"deduct_money":-1}}`:                                0,
		`{"status":0,"data":{"deduct_money":"many"}}`:                            0,
		`{"status":103,"data":{"deduct_money":1}}`:                               1,
		`{"status":0,"data":{"deduct_money":1,"product_items":[{"name":"x"}]}}`:  1,
		`{"status":0,"data":{"deduct_money":1,"base_info":{"id_of_str":"123"}}}`: 1,
	} {
		// Refusals cost points too, so errors don't matter here.
		answer, _ := DecodeAnswer([]byte(body), documentedKey, fetchedAt)
		if answer.Points != want {
			t.Errorf("%s: %d points, want %d", body, answer.Points, want)
		}
	}
}

// TestDecodeAnswerErrorTexts makes sure that no error repeats what the body says.
func TestDecodeAnswerErrorTexts(t *testing.T) {
	const private = "13312919596"
	for _, body := range []string{
		`{"status":0,"data":{"base_info":{"id_of_str":"` + private + `"}}}`,
		`{"status":0,"data":"` + private + `"}`,
		`{"` + private + `":` + `<`,
		`{"data":{"` + private + `":tru}}`,
		`{"status":204,"msg":"` + private + `"}`,
		private + "x",
	} {
		_, err := DecodeAnswer([]byte(body), documentedKey, fetchedAt)
		if err == nil || strings.Contains(err.Error(), private) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func BenchmarkDecodeAnswer(b *testing.B) {
	body := fixture(b, "01_seed_sample_repaired.json")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeAnswer(body, documentedKey, fetchedAt); err != nil {
			b.Fatal(err)
		}
	}
}
