package program

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// hangUp sends SIGHUP and returns the line that the process writes about it.
func hangUp(t *testing.T, p *process, lines *bufio.Scanner) string {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		if strings.Contains(lines.Text(), "reloaded") {
			return lines.Text()
		}
	}
	t.Fatalf("the log ended: %v", lines.Err())
	return ""
}

// ask posts a body and returns the status and the answer.
func (p *process) ask(t *testing.T, body, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.address+"/graphql", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

// SIGHUP swaps what is in the files, all of it or nothing, and the caches stay.
func TestReloadOnSIGHUP(t *testing.T) {
	var mu sync.Mutex
	var sent []string
	paid := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, r.Header.Get("Authorization"))
		body, _ := io.ReadAll(r.Body) // the call fails if it is not whole
		_, id, _ := strings.Cut(string(body), `"order_id":`)
		id, _, _ = strings.Cut(id, ",")
		fmt.Fprintf(w, `{"status":0,"deduct_money":1,"data":{"result":{"base_info":{"id":%s,"id_of_str":"%[1]s","status":"success"}}}}`, id)
	}))
	defer paid.Close()
	folder := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const id = "0123456789abcdef0123456789abcdef"
	manifest := func(order string) string {
		return `{"` + id + `":"{order(id:\"` + order + `\"){id}}"}`
	}
	t.Setenv("ORDERGRAPH_UPSTREAM_TOKEN_FILE", write("upstream", "first\n"))
	t.Setenv("ORDERGRAPH_CLIENT_TOKENS_FILE", write("clients", "kept, removed\n"))
	t.Setenv("ORDERGRAPH_ROUTER_SECRET_FILE", write("router", "secret"))
	p := startProcess(t, "--upstream-url="+paid.URL, "--trusted-documents="+write("manifest", manifest("11")), "--log-format=json")
	lines := bufio.NewScanner(p.log)
	expect := func(name, body, token string, status int, want string) {
		t.Helper()
		if got, answer := p.ask(t, body, token); got != status || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s, want %d %s", name, got, answer, status, want)
		}
	}
	const trusted, text = `{"documentId":"` + id + `"}`, `{"query":"{order(id:\"11\"){id}}"}`
	expect("before", trusted, "kept", 200, `"id":"11"}},"extensions":{"upstream":{"calls":1`)
	expect("before", trusted, "removed", 200, `"id":"11"`)

	for name, bad := range map[string]string{"clients": "", "upstream": "a\x00b", "router": "\n", "manifest": `{"short":"{a}"}`} {
		good, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		write("upstream", "never\n")
		write(name, bad)
		if line := hangUp(t, p, lines); !strings.Contains(line, `"ERROR"`) || !strings.Contains(line, "not reloaded") || strings.Contains(line, "never") {
			t.Errorf("a bad %s: %s", name, line)
		}
		write(name, string(good))
	}
	if err := os.Remove(filepath.Join(folder, "manifest")); err != nil {
		t.Fatal(err)
	}
	if line := hangUp(t, p, lines); !strings.Contains(line, `"ERROR"`) || !strings.Contains(line, "--trusted-documents") {
		t.Errorf("no manifest: %s", line)
	}
	expect("after errors", trusted, "removed", 200, `"id":"11"`)

	write("upstream", "second")
	write("clients", "kept,added")
	write("manifest", manifest("12"))
	if line := hangUp(t, p, lines); !strings.Contains(line, `"INFO"`) {
		t.Errorf("%s", line)
	}
	expect("a removed token", trusted, "removed", 401, `"UNAUTHENTICATED"`)
	expect("what is cached", text, "kept", 200, `"id":"11"}},"extensions":{"upstream":{"calls":0,"points":0,"hits":1`)
	expect("another document", trusted, "kept", 200, `"id":"12"`)
	expect("an added token", text, "added", 200, `"calls":1`)
	p.end(t)
	if got := strings.Join(sent, " "); got != "first first second second" {
		t.Errorf("the upstream was sent %s", got)
	}
}

// Without anything to read again SIGHUP changes nothing; above all, it ends nothing.
func TestSIGHUPWithoutFiles(t *testing.T) {
	p := startProcess(t, "--log-format=text")
	lines := bufio.NewScanner(p.log)
	for range 3 {
		if line := hangUp(t, p, lines); !strings.Contains(line, "INF") {
			t.Errorf("%s", line)
		}
	}
	if status, answer := p.ask(t, `{"query":"{__typename}"}`, "any"); status != http.StatusOK {
		t.Errorf("%d %s", status, answer)
	}
	p.end(t)
}

// Another Redis and another key are taken into use where they work. What is in memory stays.
func TestRedisIsReloaded(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, second := miniredis.RunT(t), miniredis.RunT(t)
	second.RequireAuth("planted")
	write("url", "redis://"+first.Addr())
	write("key", base64.StdEncoding.EncodeToString(make([]byte, 32)))
	t.Setenv("ORDERGRAPH_REDIS_URL_FILE", filepath.Join(folder, "url"))
	t.Setenv("ORDERGRAPH_REDIS_ENCRYPTION_KEY_FILE", filepath.Join(folder, "key"))
	p := startProcess(t, "--log-format=json")
	lines := bufio.NewScanner(p.log)
	for lines.Scan() && !strings.Contains(lines.Text(), "the shared cache is up") {
		continue
	}
	ask := func(id, want string) {
		t.Helper()
		if _, answer := p.ask(t, `{"query":"{order(id:\"`+id+`\"){id}}"}`, "any"); !strings.Contains(answer, want) {
			t.Errorf("%s: %s", id, answer)
		}
	}
	ask("70001", `"calls":1`)
	waitUntil(t, func() bool { return countKeys(first, "og1:c:") == 1 })
	for name, text := range map[string]string{"url": "redis://:planted@127.0.0.1:1", "key": "planted"} {
		good, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		write(name, text)
		if line := hangUp(t, p, lines); !strings.Contains(line, `"ERROR"`) || !strings.Contains(line, "--redis-") || strings.Contains(line, "planted") {
			t.Errorf("a bad %s: %s", name, line)
		}
		write(name, string(good))
	}
	ask("70002", `"calls":1`)
	waitUntil(t, func() bool { return countKeys(first, "og1:c:") == 2 })
	write("url", "redis://:planted@"+second.Addr())
	write("key", base64.StdEncoding.EncodeToString([]byte("another key of thirty-two bytes.")))
	if line := hangUp(t, p, lines); !strings.Contains(line, `"INFO"`) {
		t.Errorf("another one: %s", line)
	}
	ask("70001", `"calls":0,"points":0,"hits":1`)
	ask("70003", `"calls":1`)
	waitUntil(t, func() bool { return countKeys(second, "og1:c:") == 1 })
	p.end(t)
}

// systemd is told of each state, in order.
func TestSystemdIsTold(t *testing.T) {
	folder, err := os.MkdirTemp("", "notify") // the name of a test's own folder is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	address := filepath.Join(folder, "socket")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := socket.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", address)
	expect := func(want string) {
		t.Helper()
		text := make([]byte, 1<<10)
		n, err := socket.Read(text)
		if err != nil || string(text[:n]) != want {
			t.Errorf("told %q, want %q, %v", text[:n], want, err)
		}
	}
	p := startProcess(t)
	expect("READY=1")
	hangUp(t, p, bufio.NewScanner(p.log))
	expect("RELOADING=1")
	expect("READY=1")
	p.end(t)
	expect("STOPPING=1")
}

// Nobody to tell is no reason not to serve.
func TestSystemdThatDoesNotListen(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "/no/such/socket")
	p := start(t)
	if got, body := p.query(t, `{__typename}`); got.StatusCode != http.StatusOK || !strings.Contains(p.log.String(), "READY=1") {
		t.Errorf("%d %s", got.StatusCode, body)
	}
}
