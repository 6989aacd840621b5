package upstream

import (
	"encoding/json"
	"testing"
)

// isJSON reports what another decoder makes of a text.
func isJSON(text []byte) bool { return json.Valid(withoutMark(text)) }

// FuzzParseDocument compares with another decoder: the same texts are JSON, and all values are where
// they should be.
func FuzzParseDocument(f *testing.F) {
	addFixtures(f)
	for _, seed := range []string{
		` [ ] `, `{}`, `[[],{}]`, `{"a":{"b":[1,-2.5e+3,0]},"a":null}`, `"\ud83d\ude00"`, `"\ud83d"`, `"\u12"`, `"\x"`, "\"\x01\"", "\"\xff\"",
		`-`, `-0`, `01`, `1.`, `.5`, `1e`, `+1`, `nul`, `true false`, "\ufeff\ufeff[1]", `{"\ude00\ud83d":"\ud83d\ud83d\ude00"}`, "[\"\xe5\xb8\",\"\xed\xa0\x80\"]", `{"a" 1}`, `{"a":1,}`, `[1,]`, `[,]`, `{1:2}`, `[1}`, `{`, `"`, `"\`, "\ufeff1",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := parseDocument(text)
		if valid := isJSON(text); valid != (err == nil) {
			t.Fatalf("valid %t, but %v", valid, err)
		}
		if err != nil {
			return
		}
		for at, place := range doc.nodes {
			value, container := doc.value(at), place.next != uint32(at)+1
			if doc.kind(at) != value.Kind() || container && value[len(value)-1] != value[0]+2 || !container && !isJSON(value) {
				t.Errorf("node %d of kind %s is %q", at, doc.kind(at), value)
			}
			if int(place.next) < len(doc.nodes) && doc.nodes[place.next].start < place.end {
				t.Errorf("node %d goes on behind its end", at)
			}
		}
	})
}
