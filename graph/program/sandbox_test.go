package program

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSandboxOrders serves an order of one's own, and goes on at once after a refusal was tried out.
func TestSandboxOrders(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.json"), []byte(`{"base_info":{"id":4242,"status":"success","buyer_memo":"mine"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "--sandbox-orders="+folder)
	if _, text := p.query(t, `{order(id:4242){id buyerMemo}}`); !strings.Contains(text, `"mine"`) {
		t.Errorf("%s", text)
	}
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/vv`).FindString(p.log.String())
	if address == "" {
		t.Fatalf("the log does not tell where the sandbox is: %s", p.log)
	}
	refused := func() bool {
		_, text := p.query(t, `{order(id:4242){id}}`)
		return strings.Contains(text, "SHOP_NOT_AUTHORIZED")
	}
	p.query(t, `{order(id:302){id}}`)
	if !refused() {
		t.Error("a refusal is not remembered")
	}
	if response, text := p.request(t, http.MethodDelete, strings.TrimSuffix(address, "vv")+"_sandbox/refusals", ""); response.StatusCode != http.StatusNoContent {
		t.Fatalf("%d %s", response.StatusCode, text)
	}
	if refused() {
		t.Error("a refusal is remembered still")
	}
}

func TestBadSandboxOrders(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "bad.json"), []byte(`{`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, arguments := range map[string][]string{
		"serve": nil, "sandbox": {"sandbox", "--listen=127.0.0.1:0"}, "print": {"--print-config"},
	} {
		code, _, stderr := exitOf(t, nil, append(arguments, "--sandbox-orders="+folder)...)
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "--sandbox-orders: ") || !strings.Contains(stderr, "bad.json") {
			t.Errorf("%s: exit code %d: %s", name, code, stderr)
		}
	}
	code, _, stderr := exitOf(t, nil, "--sandbox-orders="+folder, "--upstream-url=https://upstream.example/")
	if code != 1 || !strings.Contains(stderr, "has no effect with --upstream-url") {
		t.Errorf("with an upstream: exit code %d: %s", code, stderr)
	}
}

func TestRestFieldsCommand(t *testing.T) {
	code, stdout, stderr := exitOf(t, nil, "rest-fields")
	if lines := strings.Count(stdout, "\n"); code != 0 || lines != 296 || stderr != "" {
		t.Errorf("exit code %d, %d lines, %s", code, lines, stderr)
	}
	code, stdout, _ = exitOf(t, nil, "rest-fields", "--format=json", "付款时间")
	var rows []struct{ Path string }
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || code != 0 || len(rows) != 2 || rows[0].Path != "Order.paidAt" {
		t.Errorf("exit code %d, %v: %s", code, err, stdout)
	}
	code, stdout, stderr = exitOf(t, nil, "rest-fields", "nothing like it")
	if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "nothing like it") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}
