package program

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// process is the program as a process of its own.
type process struct {
	command *exec.Cmd
	address string
	log     *os.File // the end of its standard error that is read here
}

// startProcess starts the program with its standard error in a pipe.
func startProcess(t *testing.T, flags ...string) *process {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	read, written, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{address: freeAddress(t), log: read}
	p.command = exec.CommandContext(t.Context(), binary, append([]string{"--listen=" + p.address, "--admin-listen=off"}, flags...)...)
	p.command.Env = append(os.Environ(), asProgram+"=1")
	p.command.Stderr = written
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.command.Process.Kill() // unless it has ended
		_ = p.command.Wait()
		_ = read.Close()
	})
	if err := written.Close(); err != nil {
		t.Fatal(err)
	}
	for p.get(t, "/readyz") != http.StatusOK {
	}
	return p
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// get returns the status of a path, 0 if there is no answer.
func (p *process) get(t *testing.T, path string) int {
	t.Helper()
	return p.send(t, http.MethodGet, path, "")
}

func (p *process) send(t *testing.T, method, path, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer got.Body.Close()
	_, _ = io.Copy(io.Discard, got.Body) // only the status counts
	return got.StatusCode
}

// end asks the process to end and expects that it does so in order.
func (p *process) end(t *testing.T) {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := p.command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

const manyRequests = 600 // whose lines do not fit into a pipe

func TestReaderOfTheLogThatStalls(t *testing.T) {
	p := startProcess(t)
	for range manyRequests {
		if status := p.send(t, http.MethodPost, "/graphql", `{"query":"{order(id:\"101\"){id}}"}`); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
	}
	p.end(t)
}

func TestReaderOfTheLogThatGoesAway(t *testing.T) {
	p := startProcess(t)
	if err := p.log.Close(); err != nil {
		t.Fatal(err)
	}
	for range manyRequests {
		if status := p.send(t, http.MethodPost, "/graphql", `{"query":"{order(id:\"101\"){id}}"}`); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
	}
	p.end(t)
}

// Orders that can't be read are one line, and the end of the process loses none.
func TestRequestWritesOneLine(t *testing.T) {
	p := startProcess(t, "--upstream-url=http://127.0.0.1:1/", "--upstream-retries=0")
	lines := make(chan []string)
	go func() {
		text, _ := io.ReadAll(p.log) // until the process has ended
		lines <- strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}()
	body := `{"query":"query($ids:[ID!]!){orders(ids:$ids){id}}","variables":{"ids":[1` + strings.Repeat(`,1`, 9) + `,2,3,4,5,6,7]}}`
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.address+"/graphql", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "planted")
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Body.Close(); err != nil {
		t.Error(err)
	}
	p.end(t)
	requests := 0
	all := <-lines
	for _, line := range all {
		if strings.Contains(line, `"msg":"request"`) {
			requests++
			if !strings.Contains(line, "connection refused") || !strings.Contains(line, `"level":"WARN"`) {
				t.Errorf("the line names no cause: %s", line)
			}
		}
	}
	if requests != 1 || len(all) > 4 || strings.Contains(strings.Join(all, ""), "planted") {
		t.Errorf("%d lines, of which %d of requests: %q", len(all), requests, all)
	}
}
