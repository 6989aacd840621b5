package upstream

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// TestDictionary fails when the dictionary changes but not its number: what was compressed with the old one
// would be read as something else.
func TestDictionary(t *testing.T) {
	digests := map[int]string{1: "8c92768d3fdb0f7035728a293353bfeba586619ba7bbc01b16b04f1908a5720f"}
	digest := sha256.Sum256(dictionary)
	if got := hex.EncodeToString(digest[:]); got != digests[dictionaryID] {
		t.Errorf("the dictionary %d is %s, want %s", dictionaryID, got, digests[dictionaryID])
	}
	if digits := regexp.MustCompile(`\b1[3-9]\d{9}\b|\b\d{18}\b|@`).Find(dictionary); digits != nil {
		t.Errorf("the dictionary holds %q, which may be about a person", digits)
	}
}

var idOfOrder = regexp.MustCompile(`"id_of_str":\s*"(\d+)"`)

// compressedFixtures are answers with their compressed form and their order.
func compressedFixtures(t *testing.T) (bodies, compressed [][]byte, keys []Key) {
	t.Helper()
	for _, name := range []string{"01_seed_sample_repaired.json", "02_multi_stage.json", "04_credit_order.json", "07_cancelled_order.json"} {
		body := fixture(t, name)
		id, err := ParseOrderID(string(idOfOrder.FindSubmatch(body)[1]))
		if err != nil {
			t.Fatal(err)
		}
		small := CompressAnswer(CompactAnswer(bytes.Clone(body)))
		bodies, compressed, keys = append(bodies, body), append(compressed, small), append(keys, Key{ID: id})
	}
	return bodies, compressed, keys
}

// TestCompressAnswer decodes each fixture from its compressed form, which is a quarter of its text at most,
// and wants orders to share no memory with those that are read after them.
func TestCompressAnswer(t *testing.T) {
	bodies, compressed, keys := compressedFixtures(t)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			var answers []Answer
			for range 20 {
				for i := range compressed {
					answer, err := DecompressAnswer(compressed[i], keys[i], fetchedAt)
					if err != nil {
						t.Error(err)
					}
					answers = append(answers, answer)
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
	for i, body := range bodies {
		if 4*len(compressed[i]) > len(body) {
			t.Errorf("order %d: %d bytes compressed, %d as text", keys[i].ID, len(compressed[i]), len(body))
		}
	}
	if _, err := DecompressAnswer(compressed[0], Key{ID: 1}, fetchedAt); KindOf(err) != KindBadResponse {
		t.Errorf("another order: %v", err)
	}
}

// TestCompactAnswerKeepsText wants everything but the white space between values to stay as it is.
func TestCompactAnswerKeepsText(t *testing.T) {
	for _, text := range []string{
		`[null,true,0,-0.0,1E+400,12345678901234567890123]`, `{"":1,"a":2,"a":3}`, `"\u0061\ud83d\ude00\n\"\\\/"`,
		`{"\ud83d":"件\ud83d","a":"\ude00件件"}`, "{\"\xff\":\"件件\xe5\xb8\",\"b\":\"\xed\xa0\x80\xed\xb0\x80\"}",
		"\ufeff{\"a\":[ 1 , { } ] }", strings.Repeat("[", 500) + strings.Repeat("]", 500),
		`{"not"}`,
	} {
		got, err := decompressor.DecodeAll(CompressAnswer(CompactAnswer([]byte(text))), nil)
		if want := strings.NewReplacer(" ", "", "\ufeff", "").Replace(text); err != nil || string(got) != want {
			t.Errorf("got %q, want %q (%v)", got, want, err)
		}
	}
}

// TestDecompressAnswerIsBounded reads what would be larger than any answer.
func TestDecompressAnswerIsBounded(t *testing.T) {
	bomb := compressor.EncodeAll(make([]byte, MaxAnswerBytes+1), nil)
	if _, err := DecompressAnswer(bomb, documentedKey, fetchedAt); KindOf(err) != KindInternal || err == nil {
		t.Errorf("error %v", err)
	}
}

// TestCompactable leaves an answer alone whose order shows white space between values.
func TestCompactable(t *testing.T) {
	for body, want := range map[string]bool{
		`{"base_info":{"status":"success"}}`:                                 true,
		`{"base_info":{"status": {"a": 1}}}`:                                 false,
		`{"base_info":{"status":"success","trade_type":[1, 2]}}`:             false,
		`{"base_info":{"status":"success","create_time":[1, 2]}}`:            true,
		`{"base_info":{"status":"success","trade_type":{}},"unknown":[ 1 ]}`: true,
	} {
		answer, err := DecodeAnswer([]byte(body), documentedKey, fetchedAt)
		if err != nil || answer.Compactable != want {
			t.Errorf("%s: %v, compactable %t, want %t", body, err, answer.Compactable, want)
		}
	}
}

// FuzzDecompressAnswer reads what is no compressed answer.
func FuzzDecompressAnswer(f *testing.F) {
	compressed := CompressAnswer(fixture(f, "01_seed_sample_repaired.json"))
	f.Add(compressed)
	f.Add(compressed[:len(compressed)/2])
	f.Fuzz(func(t *testing.T, compressed []byte) {
		_, err := DecompressAnswer(compressed, documentedKey, fetchedAt)
		if _, ok := errors.AsType[*Error](err); err != nil && !ok {
			t.Errorf("error %v", err)
		}
	})
}

func BenchmarkCompressAnswer(b *testing.B) {
	body := fixture(b, "01_seed_sample_repaired.json")
	b.ReportAllocs()
	var compressed []byte
	for b.Loop() {
		compressed = CompressAnswer(CompactAnswer(bytes.Clone(body)))
	}
	b.ReportMetric(float64(len(compressed)), "bytes")
}

func BenchmarkDecompressAnswer(b *testing.B) {
	compressed := CompressAnswer(CompactAnswer(fixture(b, "01_seed_sample_repaired.json")))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecompressAnswer(compressed, documentedKey, fetchedAt); err != nil {
			b.Fatal(err)
		}
	}
}
