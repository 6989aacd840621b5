package upstream

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// compacted returns a JSON text without white space between values.
func compacted(t testing.TB, text []byte) string {
	t.Helper()
	var buffer bytes.Buffer
	if err := json.Compact(&buffer, withoutMark(text)); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

// checkPacked fails the test unless text comes back from its packed form.
func checkPacked(t *testing.T, text []byte) {
	t.Helper()
	packed, err := PackAnswer(text)
	if err != nil {
		t.Fatal(err)
	}
	u := unpacking{tables: packTables(), packed: packed, document: new(document)}
	if err := u.value(u.next()); err != nil || u.at != len(packed) {
		t.Fatalf("%v after %d of %d bytes", err, u.at, len(packed))
	}
	if got, want := string(u.document.text), compacted(t, text); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	again, err := parseDocument(u.document.text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(u.document.nodes, again.nodes) {
		t.Error("the places of the values differ from those in the text")
	}
}

func TestPackAnswer(t *testing.T) {
	long := strings.Repeat("1234567890", 20)
	for name, text := range map[string]string{
		"scalars":               `[null,true,false,0,7,-1,1.5,1e5,-0.0,1E+400,` + long + `]`,
		"texts":                 `["","1","1-2","x","` + long + `","` + strings.Repeat("x", 200) + `","` + strings.Repeat("件", 200) + `"]`,
		"mixed texts":           `["86-0571-81895955","a1b22c333d4444","a件b件件c","é件é件件é","😀","\ud83d\ude00\n\"\\/"]`,
		"phrases":               `["https://","http://cbu01.alicdn.com/img/ibank/1.jpg","x.jpg.jpg","有限公","b2b-","b2b-22"]`,
		"texts that come again": `{"name":"name","a":["something","something",{"b":"something"},"else","else"],"c":"something"}`,
		"brackets in texts":     `["[",1,"{",2,["["],{"{":"{","[":"["}]`,
		"known names":           `{"data":{"result":{"base_info":{}}},"status":0}`,
		"unknown names":         `{"":1,"é\n":2,"` + long + `":3,"data":4,"data":5}`,
		"nothing":               `{}`,
		"empty ones, nested":    ` { "a" : [ [ ] , { } , [ { } ] ] , "b" : { "c" : { } } } `,
		"a text alone":          `"x"`,
		"a byte order mark":     "\ufeff{\"a\":1}",
		"lone surrogates":       `{"\ud83d":"件\ud83d","a":"\ude00件件","b":"件\ud83d"}`,
		"no UTF-8":              "{\"\xff\":\"件件\xe5\xb8\",\"a\":\"\xe5\xb8\xe4\xbb\xb6\",\"b\":\"\xed\xa0\x80\xed\xb0\x80\"}",
	} {
		t.Run(name, func(t *testing.T) { checkPacked(t, []byte(text)) })
	}
	if _, err := PackAnswer([]byte(`{"a"}`)); err == nil {
		t.Error("packed what is not JSON")
	}
}

// TestPackAnswerAllNames packs a member of each known name, with one- and two-byte codes.
func TestPackAnswerAllNames(t *testing.T) {
	names := packTables().names[1:]
	if len(names) <= nameFar {
		t.Fatalf("%d names, want some with a two-byte code", len(names))
	}
	checkPacked(t, []byte("{"+strings.Join(names, ":1,")+":2}"))
}

// packedFixtures are answers with their packed form and their order.
func packedFixtures(t *testing.T) (bodies, packed [][]byte, keys []Key) {
	t.Helper()
	idOfOrder := regexp.MustCompile(`"id_of_str":\s*"(\d+)"`)
	for _, name := range []string{"01_seed_sample_repaired.json", "02_multi_stage.json", "04_credit_order.json", "07_cancelled_order.json"} {
		body := fixture(t, name)
		id, err := ParseOrderID(string(idOfOrder.FindSubmatch(body)[1]))
		if err != nil {
			t.Fatal(err)
		}
		small, err := PackAnswer(body)
		if err != nil {
			t.Fatal(err)
		}
		bodies, packed, keys = append(bodies, body), append(packed, small), append(keys, Key{ID: id})
	}
	return bodies, packed, keys
}

// unpacked returns the answer from its packed form, which must have an order.
func unpacked(t *testing.T, packed []byte, key Key) Answer {
	t.Helper()
	answer, err := UnpackAnswer(packed, key, fetchedAt)
	if err != nil || answer.Order == nil {
		t.Errorf("order %d: %v, %v", key.ID, answer.Order, err)
	}
	return answer
}

// TestUnpackAnswer decodes each fixture from its packed form, which is a third of its text at most.
func TestUnpackAnswer(t *testing.T) {
	bodies, packed, keys := packedFixtures(t)
	for i, body := range bodies {
		want, err := DecodeAnswer(body, keys[i], fetchedAt)
		if err != nil {
			t.Fatal(err)
		}
		if got := unpacked(t, packed[i], keys[i]); !reflect.DeepEqual(got, want) {
			t.Errorf("order %d: got %+v, want %+v", keys[i].ID, got, want)
		}
		if text := compacted(t, body); len(packed[i]) > len(text)/3 {
			t.Errorf("order %d: %d bytes packed, %d as text", keys[i].ID, len(packed[i]), len(text))
		}
	}
	if _, err := UnpackAnswer(packed[0], Key{ID: 1}, fetchedAt); KindOf(err) != KindBadResponse {
		t.Errorf("another order: %v", err)
	}
}

// TestUnpackedOrdersStandAlone wants orders to keep nothing of the memory that the next ones are
// unpacked in.
func TestUnpackedOrdersStandAlone(t *testing.T) {
	bodies, packed, keys := packedFixtures(t)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			var answers []Answer
			for range 20 {
				for i := range packed {
					answers = append(answers, unpacked(t, packed[i], keys[i]))
				}
			}
			for i, got := range answers {
				at := i % len(bodies)
				if want, err := DecodeAnswer(bodies[at], keys[at], fetchedAt); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("order %d is another one after %d more: %v", keys[at].ID, len(answers)-i, err)
				}
			}
		})
	}
	group.Wait()
}

// TestPackable leaves an answer alone whose order shows white space between values.
func TestPackable(t *testing.T) {
	for body, want := range map[string]bool{
		`{"base_info":{"status":"success"}}`:                                 true,
		`{"base_info":{"status": {"a": 1}}}`:                                 false,
		`{"base_info":{"status":"success","trade_type":[1, 2]}}`:             false,
		`{"base_info":{"status":"success","create_time":[1, 2]}}`:            true,
		`{"base_info":{"status":"success","trade_type":{}},"unknown":[ 1 ]}`: true,
	} {
		answer, err := DecodeAnswer([]byte(body), documentedKey, fetchedAt)
		if err != nil || answer.Packable != want {
			t.Errorf("%s: %v, packable %t, want %t", body, err, answer.Packable, want)
		}
	}
}

func FuzzPackAnswer(f *testing.F) {
	addFixtures(f)
	f.Add([]byte(`["a1-2b件件b2b-https://.jpg",{"data":-1.5,"x":1e9}]`))
	f.Add([]byte(`{"\ud83d":"件\ude00\ud83d件"}`))
	f.Add([]byte("\ufeff[\"件\xe4\xbb\",\"\xe4\xbb\xb6\xe4\"]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if isJSON(text) {
			checkPacked(t, text)
		}
	})
}

// FuzzUnpackAnswer reads what is no packed answer.
func FuzzUnpackAnswer(f *testing.F) {
	packed, err := PackAnswer(fixture(f, "01_seed_sample_repaired.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte{packedObject, nameRaw, 0xff})
	f.Fuzz(func(t *testing.T, packed []byte) {
		_, err := UnpackAnswer(packed, documentedKey, fetchedAt)
		if err == nil {
			return
		}
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("error %v", err)
		}
	})
}

func BenchmarkPackAnswer(b *testing.B) {
	body := fixture(b, "01_seed_sample_repaired.json")
	b.ReportAllocs()
	var packed []byte
	for b.Loop() {
		packed, _ = PackAnswer(body)
	}
	b.ReportMetric(float64(len(packed)), "bytes")
}

func BenchmarkUnpackAnswer(b *testing.B) {
	packed, err := PackAnswer(fixture(b, "01_seed_sample_repaired.json"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := UnpackAnswer(packed, documentedKey, fetchedAt); err != nil {
			b.Fatal(err)
		}
	}
}
