package upstream

import (
	"bytes"
	"errors"
	"io/fs"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	decimalForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
	fenForm     = regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9]{2}$`)
)

// checkDecimal fails the test unless d is the number text, in its final form.
func checkDecimal(t *testing.T, d Decimal, form *regexp.Regexp) {
	t.Helper()
	if !form.MatchString(string(d)) || strings.Trim(string(d), "-0.") == "" && d[0] == '-' {
		t.Errorf("%q is not in the form of a decimal", d)
	}
	if len(d) > maxDecimal+3 { // a fen amount has two digits and a point more
		t.Errorf("%d characters", len(d))
	}
}

// checkTime fails the test unless what clients see of the time reads back as the same time.
func checkTime(t *testing.T, value Time) {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, value.String())
	if err != nil || !parsed.Equal(value.Time()) {
		t.Errorf("%s reads back as %v (%v), want %v", value, parsed, err, value.Time())
	}
}

// checkURL fails the test unless the address is absolute, http or https, and without white space.
func checkURL(t *testing.T, address URL) {
	t.Helper()
	parsed, err := url.Parse(string(address))
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		t.Errorf("%q is no absolute address (%v)", address, err)
	}
	if strings.ContainsAny(string(address), " \t\r\n\v\f") {
		t.Errorf("%q has white space", address)
	}
}

// checkValues walks everything exported of an order and checks each scalar.
func checkValues(t *testing.T, value reflect.Value) {
	t.Helper()
	switch scalar := value.Interface().(type) {
	case Decimal:
		if scalar != "" {
			checkDecimal(t, scalar, decimalForm)
		}
		return
	case Time:
		if scalar.Valid() {
			checkTime(t, scalar)
		}
		return
	case URL:
		if scalar != "" {
			checkURL(t, scalar)
		}
		return
	case *Money:
		if scalar != nil && scalar.Amount == "" {
			t.Error("an amount of money is empty")
		}
	case time.Time:
		return
	}
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			checkValues(t, value.Elem())
		}
	case reflect.Slice:
		for i := range value.Len() {
			if element := value.Index(i); element.Kind() != reflect.Interface {
				checkValues(t, element)
			}
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				checkValues(t, value.Field(i))
			}
		}
	}
}

func addFixtures(f *testing.F) {
	err := filepath.WalkDir(filepath.Join("testdata", "fixtures"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		f.Add(body)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
}

func FuzzDecodeAnswer(f *testing.F) {
	addFixtures(f)
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `{"status":0}`, `{"status":"302","data":"//a.example"}`, `{"code":204,"msg":"余额"}`,
		`{"data":{"result":{"base_info":{"id":58218860983545944,"create_time":[1],"total_amount":"1e3","pay_channel_list":{"1":"a"}}}}}`,
		`{"base_info":{},"product_items":[{"sub_item_id":1e3,"product_img_url":[5,"http:// a"]}]}`,
		"\ufeff" + `{"status":0,"success":"false","data":[{"error_code":"x","msg":"请求超时"}]}`,
		`{"base_info":{"remark":"\ud83d","\ude00":1,"close_reason":"","status":2.0,"pay_channel_list":"a","create_time":"2018/2/7 9:05"}}`,
		"{\"base_info\":{\"remark\":\"\xe5\xb8\",\"status\":\"\xff\",\"trade_type\":{\"\xff\": 1},\"buyer_id\":\"\xff\"}}",
		`{"base_info":{"id":58218860983545941},"product_items":{"1":{"guarantees_terms":{"assurance_type":"a"}},"0":{"sku_infos":"x"}},
			"native_logistics":{"logistics_items":{"sub_item_ids":{"1":"2,1","0":1},"no_logistics_condition":-1}},"seller_rate_list":{"star_level":"5"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		answer, err := DecodeAnswer(body, documentedKey, fetchedAt)
		if string(body) != before {
			t.Error("the body was changed")
		}
		if answer.Points < 0 {
			t.Errorf("%d points", answer.Points)
		}
		if err != nil {
			failure, ok := errors.AsType[*Error](err)
			if !ok || failure.Kind == KindInternal || answer.Order != nil {
				t.Errorf("error %v beside order %v", err, answer.Order)
			}
			if ok && failure.AuthorizationURL != "" {
				checkURL(t, URL(failure.AuthorizationURL))
			}
			return
		}
		if answer.Order == nil {
			return
		}
		checkValues(t, reflect.ValueOf(answer.Order))
		if len(answer.Order.BadValues) > maxBadValues+1 || answer.Order.Status.String() == "" {
			t.Errorf("%d bad values, status %q", len(answer.Order.BadValues), answer.Order.Status)
		}
		again, err := DecodeAnswer(body, documentedKey, fetchedAt)
		if err != nil || !reflect.DeepEqual(again, answer) {
			t.Errorf("the same body read again is another order (%v)", err)
		}
		if answer.Compactable {
			body = CompactAnswer(bytes.Clone(body))
		}
		if read, err := DecompressAnswer(CompressAnswer(body), documentedKey, fetchedAt); err != nil || !reflect.DeepEqual(read, answer) {
			t.Errorf("the order from its compressed form is another one (%v)", err)
		}
	})
}

// fuzzJSON fuzzes a scalar with JSON values; other texts are left out.
func fuzzJSON(f *testing.F, seeds []string, check func(t *testing.T, value jsontext.Value)) {
	for _, seed := range append(seeds, `""`, `null`, `0`, `-0`, `"0"`, `true`, `[1]`, `{"a":1}`, `1e400`, `"é"`, `"\ud83d"`, "\"\xff\"", "\ufeff1") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, json string) {
		doc, err := parseDocument([]byte(json))
		if err != nil || doc.kind(0) == jsontext.KindNull {
			return
		}
		check(t, doc.value(0))
	})
}

func FuzzDecimal(f *testing.F) {
	fuzzJSON(f, []string{`6.15`, `"007.50"`, `1.5e-3`, `"+.5e2"`, `-0.00`}, func(t *testing.T, value jsontext.Value) {
		var number Decimal
		if err := number.decode(value); err != nil || number == "" {
			return
		}
		checkDecimal(t, number, decimalForm)
		text, err := trimmedText(value)
		if err != nil {
			t.Fatal(err)
		}
		sent, ok := new(big.Rat).SetString(text)
		shown, okShown := new(big.Rat).SetString(string(number))
		if !ok || !okShown || sent.Cmp(shown) != 0 {
			t.Errorf("%s became %s", text, number)
		}
	})
}

func FuzzMoney(f *testing.F) {
	fuzzJSON(f, []string{`-3989`, `"5"`, `100.0`, `1e2`, `1.5`}, func(t *testing.T, value jsontext.Value) {
		yuan, err := decodeDecimal(value, parseFen)
		if err != nil || yuan == "" {
			return
		}
		checkDecimal(t, yuan, fenForm)
		text, err := trimmedText(value)
		if err != nil {
			t.Fatal(err)
		}
		fen, ok := new(big.Rat).SetString(text)
		shown, okShown := new(big.Rat).SetString(string(yuan))
		if !ok || !okShown || fen.Cmp(shown.Mul(shown, big.NewRat(100, 1))) != 0 {
			t.Errorf("%s fen became %s yuan", text, yuan)
		}
	})
}

func FuzzTime(f *testing.F) {
	fuzzJSON(f, []string{
		`"20170913231708123-0700"`, `"2018-02-07 15: 27: 58"`, `"2018-02-07T15:27:58.5Z"`, `1505369828123`, `"20180230"`,
		`"0000-00-00 00:00:00"`, `"9999-12-31T23:59:59-23:59"`, `"2018/2/7 9:05"`, `1505369828.5`, `"0001-01-01T00:00:00+23:59"`, `-62135596800`,
	}, func(t *testing.T, value jsontext.Value) {
		var decoded Time
		if err := decoded.decode(value); err != nil || !decoded.Valid() {
			return
		}
		checkTime(t, decoded)
		again, err := parseTime(decoded.String())
		if err != nil || again != decoded {
			t.Errorf("%s is read again as %s (%v)", decoded, again, err)
		}
	})
}

func FuzzID(f *testing.F) {
	fuzzJSON(f, []string{`58218860983545941`, `5.8e16`, `"b2b-1"`, `1.5`}, func(t *testing.T, value jsontext.Value) {
		var id ID
		if err := id.decode(value); err != nil || value.Kind() != jsontext.KindNumber {
			return
		}
		sent, ok := new(big.Rat).SetString(string(value))
		if !ok || !sent.IsInt() || sent.Num().String() != string(id) {
			t.Errorf("%s became %q", value, id)
		}
	})
}

func FuzzURL(f *testing.F) {
	fuzzJSON(f, []string{`"https: //a.example/1"`, `"//a.example"`, `"javascript:1"`, `"http://a\u00a0b/"`}, func(t *testing.T, value jsontext.Value) {
		var address URL
		if err := address.decode(value); err != nil || address == "" {
			return
		}
		checkURL(t, address)
		if again := parseURL(string(address)); again != address {
			t.Errorf("%q is read again as %q", address, again)
		}
	})
}

func FuzzBool(f *testing.F) {
	truths := regexp.MustCompile(`(?i)^\s*(true|y|yes|[+]?0*1(\.0*)?)\s*$`)
	lies := regexp.MustCompile(`(?i)^\s*(false|n|no|[+-]?0+(\.0*)?)\s*$`)
	fuzzJSON(f, []string{`"Y"`, `1.0`, `"no"`, `false`}, func(t *testing.T, value jsontext.Value) {
		var decoded Bool
		if err := decoded.decode(value); err != nil {
			if decoded != BoolNull {
				t.Errorf("%s is malformed and %v", value, decoded)
			}
			return
		}
		text, err := scalarText(value)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(text, "eE.") && !strings.ContainsAny(text, "yYsSlL") {
			return // other forms of numbers: FuzzDecimal looks at those
		}
		if decoded == BoolTrue && !truths.MatchString(text) || decoded == BoolFalse && !lies.MatchString(text) {
			t.Errorf("%q became %v", text, decoded)
		}
	})
}
