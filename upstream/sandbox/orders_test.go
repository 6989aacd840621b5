package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestOrdersOfOnesOwn(t *testing.T) {
	orders, err := ReadOrders(writeFiles(t, map[string]string{
		"whole.json":  `{"status":0,"data":{"deduct_money":7,"result":{"base_info":{"id":4611686018427387904,"status":"success","remark":"mine"},"order_invoice_info":{"title":"t"},"native_logistics":{"city":"c"}}}}`,
		"result.json": "\ufeff" + `{"base_info":{"id":1,"id_of_str":"302","status":"waitbuyerpay"}}`,
		"data.json":   `{"result":{"base_info":{"id_of_str":"777777"}}}`,
		"other.txt":   `no JSON`,
	}))
	if err != nil || orders.Len() != 3 {
		t.Fatalf("%v, %v", orders, err)
	}
	server, err := Start(t.Context(), Options{Orders: orders})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ask := func(id, parts string) (result map[string]json.RawMessage, all string) {
		t.Helper()
		response, err := http.Post(server.URL, "application/json", strings.NewReader(`{"web_site":"1688","order_id":`+id+`,"edition":"1","include_fields":"`+parts+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Data struct{ Result map[string]json.RawMessage }
		}
		if err := json.Unmarshal(text, &answer); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		return answer.Data.Result, string(text)
	}
	result, all := ask("4611686018427387904", "OrderInvoice")
	if !strings.Contains(all, `4611686018427387904`) || !strings.Contains(all, `"mine"`) || result["order_invoice_info"] == nil || result["native_logistics"] != nil {
		t.Errorf("an order of one's own with its invoice: %s", all)
	}
	if result, all := ask("302", "GuaranteesTerms"); result["base_info"] == nil {
		t.Errorf("it does not go before a test id: %s", all)
	}
	if calls := server.Calls(); calls[0].Answer != "own-order" {
		t.Errorf("%+v", calls[0])
	}
}

func TestOrdersThatAreNone(t *testing.T) {
	const good = `{"base_info":{"id":5}}`
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no file":      {nil, "has no *.json"},
		"no JSON":      {map[string]string{"a.json": `{"base_info":`}, "a.json: "},
		"two values":   {map[string]string{"a.json": good + good}, "a.json: "},
		"a list":       {map[string]string{"a.json": `[` + good + `]`}, "a.json: want an order"},
		"a refusal":    {map[string]string{"a.json": `{"code":204,"data":[]}`}, "a.json: want an order"},
		"no id":        {map[string]string{"good.json": good, "z.json": `{"base_info":{"status":"success"}}`}, "z.json: want base_info.id"},
		"a long id":    {map[string]string{"z.json": `{"base_info":{"id":12345678901234567890}}`}, "z.json: want base_info.id"},
		"twice one id": {map[string]string{"a.json": good, "b.json": good}, "b.json: it has the order 5, as has "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadOrders(writeFiles(t, test.files))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
	if _, err := ReadOrders(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("no folder: %v", err)
	}
}

func FuzzReadOrder(f *testing.F) {
	f.Add([]byte(`{"data":{"result":{"base_info":{"id_of_str":"1"}}}}`))
	f.Add([]byte(`{"base_info":{"id":1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "a.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		id, result, err := readOrder(file)
		if err == nil && (!isOrderID(id) || result.get("base_info") == nil) {
			t.Errorf("%q: id %q, %v", text, id, result)
		}
	})
}

// TestForgetting is what DELETE /_sandbox/refusals does.
func TestForgetting(t *testing.T) {
	server, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	forget := func() int {
		r, err := http.NewRequest(http.MethodDelete, strings.TrimSuffix(server.URL, Path)+"/_sandbox/refusals", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	if status := forget(); status != http.StatusNotFound {
		t.Errorf("alone: %d", status)
	}
	forgotten := 0
	server.OnForget(func() { forgotten++ })
	if status := forget(); status != http.StatusNoContent || forgotten != 1 {
		t.Errorf("%d, forgotten %d times", status, forgotten)
	}
}
