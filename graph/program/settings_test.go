package program

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"ordergraph/upstream"
)

// settings returns what the program makes of its arguments.
func settings(arguments ...string) (*config, error) {
	var line commandLine
	_, err := line.parse(arguments, io.Discard, io.Discard)
	return &line.Config, err
}

// flagsOf are the flags that are settings, as the program has them, with the values of c.
func flagsOf(t *testing.T, c *config) []*kong.Flag {
	t.Helper()
	line := commandLine{Config: *c}
	parser, err := newParser(&line, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Clone(parser.Model.Flags), func(flag *kong.Flag) bool { return len(flag.Envs) == 0 })
}

func isNumber(flag *kong.Flag) bool {
	switch flag.Target.Kind() {
	case reflect.Int, reflect.Int64, reflect.Float64:
		return true
	default:
		return false
	}
}

// Every number has a range that is told to whoever leaves it.
func TestNumbersHaveARange(t *testing.T) {
	absurd := []string{
		"", "-", "-1", "-0.5", "1e400", "1e-400", "NaN", "Inf", "+Inf", "0x7fffffffffffffff", "2147483647", "2147483648", "4294967296",
		"9223372036854775807", "9223372036854775808", "18446744073709551616", "9007199254740993GiB", "8589934592GiB", "17179869183GiB", "-1GiB",
		"1000000h", "2562047h47m16.854775807s", "2562048h", "-1ns", "1e10s", "1,5", "１", "1 2", "1\n2", "1\x00", strings.Repeat("9", 1<<20), strings.Repeat("x", 1<<20),
	}
	for _, flag := range flagsOf(t, new(config)) {
		if !isNumber(flag) {
			continue
		}
		t.Run(flag.Name, func(t *testing.T) {
			least, most, bounded := strings.Cut(flag.Tag.Get("range"), "..")
			if !bounded {
				t.Fatal("it has no range")
			}
			for _, value := range absurd {
				given, err := settings("--" + flag.Name + "=" + value)
				if err != nil {
					expectOneLine(t, []string{"--" + flag.Name + "=" + value}, []string{"--" + flag.Name, "want ", "from " + least + " to " + most})
					continue
				}
				if got, highest := numberOf(t, given, flag.Name), numberOf(t, with(t, flag.Name, most), flag.Name); !(got <= highest) {
					t.Errorf("%.50q is taken for %v", value, got)
				}
			}
			for _, value := range []string{least, most, " " + most + "\r\n"} {
				with(t, flag.Name, value)
			}
		})
	}
}

// with returns the settings with one of them set.
func with(t *testing.T, name, value string) *config {
	t.Helper()
	given, err := settings("--" + name + "=" + value)
	if err != nil {
		t.Fatal(err)
	}
	return given
}

// valueOf returns a setting by the flag's name.
func valueOf(t *testing.T, c *config, name string) reflect.Value {
	t.Helper()
	for _, flag := range flagsOf(t, c) {
		if flag.Name == name {
			return flag.Target
		}
	}
	t.Fatalf("there is no --%s", name)
	return reflect.Value{}
}

func numberOf(t *testing.T, c *config, name string) float64 {
	t.Helper()
	value := valueOf(t, c, name)
	if value.CanFloat() {
		return value.Float()
	}
	return float64(value.Int())
}

// The program works with the least and with the most that each number may be, but for what would take the
// machine's memory, or leave no time or room for an answer.
func TestEndsOfTheRanges(t *testing.T) {
	for _, end := range []string{"min", "max"} {
		t.Run(end, func(t *testing.T) {
			var flags []string
			for _, flag := range flagsOf(t, new(config)) {
				least, most, _ := strings.Cut(flag.Tag.Get("range"), "..")
				value := map[string]string{"min": least, "max": most}[end]
				if end == "min" && (strings.HasPrefix(flag.Name, "max-") || strings.HasSuffix(flag.Name, "-timeout")) ||
					end == "max" && strings.HasSuffix(flag.Name, "cache-size") {
					value = flag.Default
				}
				if isNumber(flag) {
					flags = append(flags, "--"+flag.Name+"="+value)
				}
			}
			p := start(t, flags...)
			for range 2 {
				if got, body := p.query(t, documentedQuery); got.StatusCode != http.StatusOK || strings.Contains(body, "errors") {
					t.Errorf("%d %s", got.StatusCode, body)
				}
			}
		})
	}
}

// The least rates are limits, too.
func TestLeastRates(t *testing.T) {
	for _, value := range []string{"1e-10", "1e-300", "5e-324", "0.001"} {
		p := start(t, "--rate-limit="+value)
		statuses := []int{}
		for range 3 {
			got, _ := p.query(t, `{__typename}`)
			statuses = append(statuses, got.StatusCode)
		}
		if !slices.Equal(statuses, []int{200, 429, 429}) {
			t.Errorf("--rate-limit=%s: %v", value, statuses)
		}
	}
}

// White space around values and elements is cut, from flags and from variables.
func TestWhiteSpaceIsCut(t *testing.T) {
	want := map[string]any{
		"listen": "127.0.0.1:0", "cache-ttl": 7 * time.Second, "cache-size": int64(1 << 20), "max-depth": 7, "rate-limit": 2.5,
		"upstream-url": "https://host/path", "upstream-token": "Bearer abc", "router-secret": "s3cr3t", "log-level": "warn", "graphiql": false, "apq": false,
		"client-tokens": "[t1 t2 t3]", "cors-origins": "[https://a.example https://b.example]",
	}
	given := map[string]string{
		"listen": "127.0.0.1:0", "cache-ttl": "7s", "cache-size": "1MiB", "max-depth": "7", "rate-limit": "2.5",
		"upstream-url": "https://host/path", "upstream-token": "Bearer abc", "router-secret": "s3cr3t", "log-level": "warn", "graphiql": "false", "apq": "no",
		"client-tokens": "t1, t2\n,\tt3", "cors-origins": "https://a.example ,\r\nhttps://b.example",
	}
	expect := func(t *testing.T, arguments []string) {
		t.Helper()
		c, err := settings(arguments...)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range want {
			got := valueOf(t, c, name).Interface()
			switch typed := got.(type) {
			case upstream.Secret:
				got = typed.Reveal()
			case []upstream.Secret:
				var tokens []string
				for _, token := range typed {
					tokens = append(tokens, token.Reveal())
				}
				got = fmt.Sprint(tokens)
			case []string:
				got = fmt.Sprint(typed)
			}
			if got != value {
				t.Errorf("%s is %q, want %q", name, got, value)
			}
		}
	}
	t.Run("flags", func(t *testing.T) {
		var arguments []string
		for name, value := range given {
			arguments = append(arguments, "--"+name+"= \t"+value+"\r\n")
		}
		expect(t, arguments)
	})
	t.Run("variables", func(t *testing.T) {
		for name, value := range given {
			t.Setenv("ORDERGRAPH_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), "\n "+value+" \n")
		}
		expect(t, nil)
	})
}

// The right token is admitted, however the settings were written.
func TestTokensFromFiles(t *testing.T) {
	t.Setenv("ORDERGRAPH_UPSTREAM_TOKEN", "abc\n")
	t.Setenv("ORDERGRAPH_CLIENT_TOKENS", "t1, t2\n")
	t.Setenv("ORDERGRAPH_ROUTER_SECRET", "s3cr3t\n")
	p := start(t)
	for _, token := range []string{"t1", "t2"} {
		if got, body := p.query(t, `{order(id:1){id} _service{sdl}}`, "Authorization", "Bearer "+token, "X-Router-Secret", "s3cr3t"); got.StatusCode != http.StatusOK || strings.Contains(body, `"errors"`) {
			t.Errorf("%s: %d %.300s", token, got.StatusCode, body)
		}
	}
}

func TestValuesThatNoHeaderHolds(t *testing.T) {
	for _, value := range []string{"planted\nX-Other: 1", "plan\x00ted", "plan\tted", "plan\x7fted", "plan\rted"} {
		service := []string{"--upstream-token=planted", "--client-tokens=planted"}
		for name, arguments := range map[string][]string{
			"--upstream-token": {"--upstream-token=" + value, "--client-tokens=planted"},
			"--client-tokens":  {"--upstream-token=planted", "--client-tokens=good," + value},
			"--router-secret":  append(service, "--router-secret="+value),
		} {
			expectOneLine(t, arguments, []string{name, "[redacted]", "header"})
		}
	}
}

func TestAddressesAreNotRepeatedWithCredentials(t *testing.T) {
	for _, value := range []string{
		"https://planted:planted@host/%zz", "https://host/%zz?token=planted", "host\x00planted", "http://[::1/planted", "https:planted@host", "//planted@host/",
		"ftp://host/?token=planted", "planted:secret@host/path", "ftp://host/path#planted", "https://u:planted@host/", "http://host:port:planted/",
	} {
		expectOneLine(t, []string{"--upstream-url=" + value}, []string{"--upstream-url", "want"})
	}
}

func TestRedisSettings(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))
	for _, arguments := range [][]string{
		{"--redis-url=redis://localhost"},
		{"--redis-url=rediss://user:planted@a.example:1/2?addr=b.example:3"},
		{"--redis-url=redis://:planted@a.example:26379?master_set=orders", "--redis-encryption-key=" + key + "\n"},
		{"--redis-url=unix:///run/redis.sock"},
	} {
		if _, err := settings(arguments...); err != nil {
			t.Errorf("%q: %v", arguments, err)
		}
	}
	for _, value := range []string{"localhost:6379", "http://user:planted@host", "redis://user:planted@[::1", "redis://user:%zzplanted@host", "redis://planted:planted@host/planted"} {
		expectOneLine(t, []string{"--redis-url=" + value}, []string{"--redis-url", "[redacted]", "redis://"})
	}
	for _, value := range []string{"planted", "cGxhbnRlZA==", key + key, key[1:]} {
		expectOneLine(t, []string{"--redis-url=redis://localhost", "--redis-encryption-key=" + value}, []string{"--redis-encryption-key", "[redacted]", "32 bytes in base64"})
	}
	expectOneLine(t, []string{"--redis-encryption-key=" + key}, []string{"--redis-encryption-key", "[redacted]", "--redis-url"})
}

// An unknown variable may be a misspelt one.
func TestUnknownVariables(t *testing.T) {
	for name, nearest := range map[string]string{
		"ORDERGRAPH_UPSTREAM_ULR":       "ORDERGRAPH_UPSTREAM_URL",
		"ORDERGRAPH_UPSTREAMURL":        "ORDERGRAPH_UPSTREAM_URL",
		"ORDERGRAPH_URL":                "ORDERGRAPH_UPSTREAM_URL",
		"ORDERGRAPH_MAX_ALIAS":          "ORDERGRAPH_MAX_ALIASES",
		"ORDERGRAPH_CACHE_TTL_":         "ORDERGRAPH_CACHE_TTL",
		"ORDERGRAPH_upstream_url":       "ORDERGRAPH_UPSTREAM_URL",
		"ordergraph_upstream_url":       "ORDERGRAPH_UPSTREAM_URL",
		"ORDERGRAPH_CLIENT_TOKEN":       "ORDERGRAPH_CLIENT_TOKENS",
		"ORDERGRAPH_":                   "ORDERGRAPH_",
		"ORDERGRAPH_ROUTER_SECRET_NAME": "ORDERGRAPH_ROUTER_SECRET",
		"ORDERGRAPH_SERVICE":            "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "planted")
			expectOneLine(t, nil, []string{name, nearest})
		})
	}
	for _, name := range []string{
		"ORDERGRAPH_PORT", "ORDERGRAPH_PORT_8080_TCP", "ORDERGRAPH_PORT_8080_TCP_ADDR", "ORDERGRAPH_PORT_8080_TCP_PORT", "ORDERGRAPH_PORT_8080_TCP_PROTO",
		"ORDERGRAPH_SERVICE_HOST", "ORDERGRAPH_SERVICE_PORT", "ORDERGRAPH_SERVICE_PORT_HTTP", "ORDERGRAPH_ADMIN_SERVICE_HOST", "ORDERGRAPH_ADMIN_PORT",
		"ORDERGRAPHIC_X", "MY_ORDERGRAPH_X",
	} {
		t.Setenv(name, "tcp://10.0.0.1:8080")
	}
	if _, err := settings(); err != nil {
		t.Errorf("what Kubernetes sets is refused: %v", err)
	}
}

func TestSandboxBeyondLoopbackWarns(t *testing.T) {
	const warning = "can be reached from other machines"
	for listen, want := range map[string]bool{"127.0.0.1:0": false, "localhost:0": false, "0.0.0.0:0": true, ":0": true} {
		p := start(t, "--listen="+listen)
		if got := strings.Contains(p.log.String(), warning); got != want {
			t.Errorf("--listen=%s: warns %v", listen, got)
		}
	}
	if p := start(t, "--listen=:0", "--upstream-url=https://upstream.invalid/"); strings.Contains(p.log.String(), warning) {
		t.Error("it warns without the sandbox")
	}
}

func TestErrorsOfTheCommandLineAreOneLine(t *testing.T) {
	long := strings.Repeat("x", 5<<10)
	for _, arguments := range [][]string{
		{"--no\nthing=1"},
		{"no\nthing"},
		{"--" + long},
		{long},
		{"--log-level=" + long},
		{"--log-level=a\nb"},
		{"--apq=a\nb"},
		{"--listen=" + long},
		{"--cors-origins=" + long},
		{"--cors-origins=a\nb"},
		{"--upstream-url=ftp://" + long},
		{"--trusted-documents=a\nb"},
		{"--cache-ttl"},
		{"--listen=127.0.0.1:0", "--admin-listen=" + long + ":1"},
	} {
		err := command(t.Context(), arguments, io.Discard, io.Discard)
		if err == nil || strings.ContainsAny(err.Error(), "\r\n") || len(err.Error()) > 2<<10 {
			t.Errorf("%.60q: %.200v", arguments, err)
		}
	}
}
