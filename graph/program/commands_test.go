package program

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ordergraph/upstream"
)

// exitOf runs the program as a process of its own until it ends.
func exitOf(t *testing.T, variables []string, arguments ...string) (code int, stdout, stderr string) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := exec.CommandContext(t.Context(), binary, arguments...)
	program.Env = append(append(os.Environ(), asProgram+"=1"), variables...)
	var out, log bytes.Buffer
	program.Stdout, program.Stderr = &out, &log
	err = program.Run()
	if exit, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	} else if ended {
		code = exit.ExitCode()
	}
	return code, out.String(), log.String()
}

// printed returns what a command prints.
func printed(t *testing.T, arguments ...string) string {
	t.Helper()
	var stdout bytes.Buffer
	if err := command(t.Context(), arguments, &stdout, io.Discard); err != nil {
		t.Fatal(err)
	}
	return stdout.String()
}

func TestVersionCommand(t *testing.T) {
	if text := printed(t, "version"); !strings.HasPrefix(text, "ordergraph ") || !strings.Contains(text, "go1.") || strings.Count(text, "\n") != 1 {
		t.Errorf("%q", text)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(printed(t, "version", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if version, _ := got["version"].(string); version == "" || !strings.HasPrefix(fmt.Sprint(got["goVersion"]), "go1.") {
		t.Errorf("%v", got)
	}
}

func TestPrintConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("planted\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ORDERGRAPH_UPSTREAM_TOKEN_FILE", file)
	t.Setenv("ORDERGRAPH_CACHE_TTL", " 90m\n")
	t.Setenv("ORDERGRAPH_CACHE_SIZE", "3000KiB")
	text := printed(t, "--print-config", "--upstream-url=https://host/path?key=planted", "--client-tokens=planted,planted", "--no-apq", "--cors-origins=https://a.example, https://b.example")
	for _, want := range []string{
		"ORDERGRAPH_UPSTREAM_TOKEN=[redacted]  # file", "ORDERGRAPH_CLIENT_TOKENS=[redacted]  # flag", "ORDERGRAPH_ROUTER_SECRET=  # default",
		"ORDERGRAPH_UPSTREAM_URL=https://host/path?[redacted]  # flag", "ORDERGRAPH_CACHE_TTL=1h30m  # env", "ORDERGRAPH_CACHE_SIZE=3000KiB  # env",
		"ORDERGRAPH_CACHE_TTL_CLOSED=10m  # default", "ORDERGRAPH_CACHE_STALE_IF_ERROR=1h  # default", "ORDERGRAPH_RESPONSE_CACHE_SIZE=64MiB  # default",
		"ORDERGRAPH_APQ=false  # flag", "ORDERGRAPH_CORS_ORIGINS=https://a.example,https://b.example  # flag", "ORDERGRAPH_RATE_LIMIT=0  # default",
	} {
		if !strings.Contains("\n"+text, "\n"+want+"\n") {
			t.Errorf("it lacks the line %s", want)
		}
	}
	if strings.Contains(text, "planted") {
		t.Errorf("it shows a secret:\n%s", text)
	}
	for _, flag := range flagsOf(t, new(config)) {
		if count := strings.Count("\n"+text, "\n"+flag.Envs[0]+"="); count != 1 {
			t.Errorf("%s stands in %d lines", flag.Envs[0], count)
		}
	}
}

// What is printed can be given, and is the same again.
func TestPrintedConfigCanBeGiven(t *testing.T) {
	before := printed(t, "--print-config", "--cache-ttl=1h0m1s", "--request-timeout=1500ms", "--cache-size=1025", "--upstream-rate=0.5", "--log-format=text")
	for line := range strings.Lines(before) {
		setting, _, _ := strings.Cut(line, "  # ")
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	withoutSource := func(text string) string {
		var lines strings.Builder
		for line := range strings.Lines(text) {
			setting, _, _ := strings.Cut(line, "  # ")
			lines.WriteString(setting + "\n")
		}
		return lines.String()
	}
	after := printed(t, "--print-config")
	if withoutSource(after) != withoutSource(before) {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	if strings.Contains(after, "# default") || strings.Contains(after, "# flag") {
		t.Errorf("sources:\n%s", after)
	}
}

func TestPrintConfigRefuses(t *testing.T) {
	for name, arguments := range map[string][]string{
		"--cache-ttl":         {"--cache-ttl=soon"},
		"--client-tokens":     {"--upstream-token=planted"},
		"--trusted-documents": {"--trusted-documents=/no/such/file"},
	} {
		code, stdout, stderr := exitOf(t, nil, append(arguments, "--print-config")...)
		if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, name) || strings.Contains(stderr, "planted") {
			t.Errorf("%s: exit code %d, %q, %q", name, code, stdout, stderr)
		}
	}
}

func TestSecretsFromFiles(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"UPSTREAM_TOKEN": "Bearer abc\n", "CLIENT_TOKENS": " t1, t2\r\n", "ROUTER_SECRET": "s3cr3t"} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("ORDERGRAPH_"+name+"_FILE", path+"\n")
	}
	c, err := settings()
	if err != nil {
		t.Fatal(err)
	}
	if c.Upstream.Token.Reveal() != "Bearer abc" || c.Access.RouterSecret.Reveal() != "s3cr3t" || len(c.Access.ClientTokens) != 2 || c.Access.ClientTokens[1].Reveal() != "t2" {
		t.Errorf("%q %q %d", c.Upstream.Token.Reveal(), c.Access.RouterSecret.Reveal(), len(c.Access.ClientTokens))
	}
}

// Every secret can come from a file, and what is wrong with it is told without it.
func TestSecretFilesThatAreRefused(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, empty := write("good", "planted"), write("empty", " \n")
	secrets := 0
	for _, flag := range flagsOf(t, new(config)) {
		switch flag.Target.Interface().(type) {
		case upstream.Secret, []upstream.Secret:
		default:
			continue
		}
		secrets++
		variable := flag.Envs[0]
		for name, test := range map[string]struct {
			file      string
			also      string
			arguments []string
			wants     []string
		}{
			"missing":       {filepath.Join(folder, "none"), "", nil, []string{variable + "_FILE", "no such file"}},
			"no name":       {"", "", nil, []string{variable + "_FILE"}},
			"a folder":      {folder, "", nil, []string{variable + "_FILE", "directory"}},
			"empty":         {empty, "", nil, []string{variable + "_FILE", "empty"}},
			"large":         {write("large", strings.Repeat("planted", 1<<18)), "", nil, []string{variable + "_FILE", "1024 KiB"}},
			"the variable":  {good, "planted", nil, []string{variable, variable + "_FILE", "both"}},
			"the flag":      {good, "", []string{"--" + flag.Name + "=planted"}, []string{"--" + flag.Name, variable + "_FILE", "both"}},
			"without name":  {write("two\nlines", "a\nplanted"), "", nil, []string{"--" + flag.Name}},
			"binary":        {write("binary", "a\x00planted"), "", nil, []string{"--" + flag.Name}},
			"an empty twin": {good, " ", nil, []string{variable, "both"}},
		} {
			t.Run(flag.Name+" "+name, func(t *testing.T) {
				t.Setenv(variable+"_FILE", test.file)
				if test.also != "" {
					t.Setenv(variable, test.also)
				}
				expectOneLine(t, test.arguments, test.wants)
			})
		}
	}
	if secrets < 3 {
		t.Errorf("%d secrets", secrets)
	}
	t.Setenv("ORDERGRAPH_LISTEN_FILE", good)
	expectOneLine(t, nil, []string{"ORDERGRAPH_LISTEN_FILE", "no setting"})
}

func TestHealthcheck(t *testing.T) {
	p := start(t)
	check := func(arguments ...string) error {
		return command(t.Context(), append([]string{"healthcheck"}, arguments...), io.Discard, io.Discard)
	}
	public, admin := strings.TrimPrefix(p.public, "http://"), strings.TrimPrefix(p.admin, "http://")
	_, port, _ := strings.Cut(admin, ":")
	for _, arguments := range [][]string{
		{"--admin-listen=" + admin},
		{"--admin-listen=off", "--listen=" + public},
		{"--admin-listen=:" + port},
		{"--admin-listen=0.0.0.0:" + port},
		{"--admin-listen=localhost:" + port},
		{"--url=" + p.public + "/livez"},
	} {
		if err := check(arguments...); err != nil {
			t.Errorf("%v: %v", arguments, err)
		}
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			<-r.Context().Done()
			return
		}
		http.Redirect(w, r, p.public+"/readyz", http.StatusFound)
	}))
	defer elsewhere.Close()
	for _, arguments := range [][]string{
		{"--admin-listen=" + freeAddress(t)},
		{"--url=" + p.public + "/nowhere"},
		{"--url=" + elsewhere.URL},
		{"--url=" + elsewhere.URL + "/hang"},
		{"--url=no\nurl"},
		{"--url=ftp://host/"},
		{"--cache-ttl=soon"},
	} {
		err := check(arguments...)
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", arguments, err)
		}
	}
	for address, want := range map[string]string{"[::]:1": "http://[::1]:1/readyz", "[2001:db8::1]:1": "http://[2001:db8::1]:1/readyz", "host:1": "http://host:1/readyz"} {
		if got := readinessURL(with(t, "admin-listen", address)); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// What a server says that drains, or that is not there, is the exit code.
func TestHealthcheckExitCode(t *testing.T) {
	p := startProcess(t)
	if code, _, stderr := exitOf(t, nil, "healthcheck", "--admin-listen=off", "--listen="+p.address); code != 0 || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	p.end(t)
	if code, _, stderr := exitOf(t, nil, "healthcheck", "--admin-listen=off", "--listen="+p.address); code != 1 || !strings.Contains(stderr, p.address) {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// startSandbox starts the emulated upstream alone, and returns its address and the line for curl that it prints.
func startSandbox(t *testing.T) (p *process, url, curl string) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p = &process{address: freeAddress(t)}
	p.command = exec.CommandContext(t.Context(), binary, "sandbox", "--listen="+p.address)
	p.command.Env = append(os.Environ(), asProgram+"=1")
	output, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.command.Process.Kill() // unless it has ended
		_ = p.command.Wait()
	})
	for lines := bufio.NewScanner(output); url == "" && lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "curl ") {
			curl = line
		} else if _, after, found := strings.Cut(line, "--upstream-url="); found {
			url = after
		}
	}
	return p, url, curl
}

// The emulated upstream alone answers the line that it prints, and the program calls it.
func TestSandboxCommand(t *testing.T) {
	p, url, curl := startSandbox(t)
	_, body, _ := strings.Cut(curl, "-d '")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(strings.TrimSuffix(body, "'")))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(got.Body)
	if err != nil || got.Body.Close() != nil || !strings.Contains(string(text), "58218860983545941") || !strings.Contains(string(text), "base_info") {
		t.Errorf("%d %.300s %v", got.StatusCode, text, err)
	}
	server := start(t, "--upstream-url="+url)
	if got, answer := server.query(t, documentedQuery, "Authorization", "any"); got.StatusCode != http.StatusOK || strings.Contains(answer, "errors") || !strings.Contains(answer, "6.15") {
		t.Errorf("%d %s", got.StatusCode, answer)
	}
	if code, _, stderr := exitOf(t, nil, "sandbox", "--listen="+p.address); code != 1 || !strings.Contains(stderr, "--listen") || !strings.Contains(stderr, p.address) {
		t.Errorf("a second one: exit code %d, %s", code, stderr)
	}
	p.end(t)
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if text := printed(t, "completion", "-c", shell); !strings.Contains(text, "ordergraph") {
			t.Errorf("%s: %s", shell, text)
		}
	}
	expectOneLine(t, []string{"completion", "tcsh"}, []string{"bash"})
	for line, want := range map[string]string{
		"ordergraph heal":          "healthcheck",
		"ordergraph --cache-stale": "--cache-stale-if-error",
		"ordergraph --log-level w": "warn",
		"ordergraph completion z":  "zsh",
		"ordergraph version --j":   "--json",
	} {
		code, stdout, stderr := exitOf(t, []string{"COMP_LINE=" + line, "COMP_POINT=" + fmt.Sprint(len(line)), "ORDERGRAPH_NO_SETTING=1"})
		if code != 0 || stderr != "" || strings.TrimSpace(stdout) != want {
			t.Errorf("%s: exit code %d, %q, %q", line, code, stdout, stderr)
		}
	}
}

// Flags of commands are no settings: no variable stands for them.
func TestCommandsHaveNoVariables(t *testing.T) {
	for _, name := range []string{"ORDERGRAPH_JSON", "ORDERGRAPH_CODE", "ORDERGRAPH_SUBGRAPH", "ORDERGRAPH_PRINT_CONFIG", "ORDERGRAPH_VERSION"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "true")
			expectOneLine(t, []string{"version"}, []string{name, "no setting"})
		})
	}
}
