package upstream_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ordergraph/upstream"
	"ordergraph/upstream/sandbox"
)

// wireKeys adds the paths of all wire keys of a struct: the first spelling of each.
func wireKeys(of reflect.Type, path string, keys map[string]bool) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeFor[upstream.Order]().PkgPath() {
		return
	}
	for i := range of.NumField() {
		field := of.Field(i)
		key, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case key == "-":
		case key == "" && (option == "inline" || field.Anonymous):
			wireKeys(field.Type, path, keys)
		case key != "":
			below := path + "." + key
			keys[below] = true
			wireKeys(field.Type, below, keys)
		}
	}
}

// sentKeys adds the paths of all members of a document, of whatever element of a list.
func sentKeys(document any, path string, keys map[string]bool) {
	switch value := document.(type) {
	case map[string]any:
		for name, member := range value {
			keys[path+"."+name] = true
			sentKeys(member, path+"."+name, keys)
		}
	case []any:
		for _, element := range value {
			sentKeys(element, path, keys)
		}
	}
}

// TestSandboxSendsEveryWireKey asks the sandbox, which shares no type with the decoding and is written after the
// document, for many orders in all parts: a key that none of them has is misspelt in a struct.
func TestSandboxSendsEveryWireKey(t *testing.T) {
	emulated, err := sandbox.Start(t.Context(), sandbox.Options{SlowAnswer: time.Millisecond, DripInterval: time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	defer emulated.Close()
	ids := []string{"58218860983545941"}
	for _, test := range sandbox.TestIDs() {
		if test.Outcome == "order" {
			ids = append(ids, test.ID)
		}
	}
	for id := range 300 {
		ids = append(ids, fmt.Sprint(100000+id))
	}
	sent := map[string]bool{}
	for _, site := range []string{"1688", "alibaba"} {
		for _, edition := range []string{"1", "2"} {
			for _, id := range ids {
				body := fmt.Sprintf(`{"web_site":%q,"order_id":%s,"edition":%q,"include_fields":"GuaranteesTerms,NativeLogistics,RateDetail,OrderInvoice","attribute_keys":["a"]}`, site, id, edition)
				response, err := http.Post(emulated.URL, "application/json", strings.NewReader(body))
				if err != nil {
					continue // some break the connection
				}
				text, err := io.ReadAll(response.Body)
				response.Body.Close()
				var document struct{ Data struct{ Result any } }
				if err == nil && json.Unmarshal(text, &document) == nil {
					sentKeys(document.Data.Result, "", sent)
				}
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
	keys := map[string]bool{}
	wireKeys(reflect.TypeFor[upstream.Order](), "", keys)
	if len(keys) < 250 || len(sent) < 250 {
		t.Fatalf("%d keys of structs, %d that were sent", len(keys), len(sent))
	}
	var missing []string
	for key := range keys {
		if !sent[key] {
			missing = append(missing, key)
		}
	}
	slices.Sort(missing)
	for _, key := range missing {
		t.Errorf("no order has %s", key)
	}
}
