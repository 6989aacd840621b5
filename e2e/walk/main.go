// Command walk does what deploy/README.md says about two instances on one machine, in the shell and as it stands there,
// but for the ports. It needs Linux, redis-server, prometheus, curl and openssl.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

const document, section = "deploy/README.md", "\n## Two instances on one machine\n"

func main() {
	log.SetFlags(0)
	binary := flag.String("binary", "", "the program under test; built as the document says if empty")
	flag.Parse()
	if err := run(*binary); err != nil {
		log.Fatal(err)
	}
}

func run(binary string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	_, rest, found := strings.Cut(string(text), section)
	if !found {
		return fmt.Errorf("%s has no such section", document)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	script := "set -eu\n"
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(rest, -1) {
		script += block[1] + "echo '=== done'\n"
	}
	folder, err := os.MkdirTemp("", "walk")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if binary != "" {
		if script, err = withBinary(script, binary, folder); err != nil {
			return err
		}
	}
	configuration, err := withFreePorts(&script, folder)
	if err != nil {
		return err
	}
	script = strings.ReplaceAll(script, "deploy/prometheus/prometheus.yml", configuration)
	script = strings.ReplaceAll(script, "run/", folder+"/run/")
	script = strings.ReplaceAll(script, "mkdir -p run ", "mkdir -p "+folder+"/run ")
	script = strings.ReplaceAll(script, "./ordergraph", folder+"/ordergraph")
	script = strings.ReplaceAll(script, "-o ordergraph .", "-o "+folder+"/ordergraph .")

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", script)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "ORDERGRAPH_") {
			shell.Env = append(shell.Env, variable)
		}
	}
	// What it starts in the background ends with it.
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	output, err := os.Create(filepath.Join(folder, "output"))
	if err != nil {
		return err
	}
	defer output.Close()
	shell.Stdout, shell.Stderr = output, output
	failure := shell.Run()
	if shell.Process != nil {
		_ = syscall.Kill(-shell.Process.Pid, syscall.SIGKILL)
	}
	shown, err := os.ReadFile(output.Name())
	if err != nil {
		return err
	}
	fmt.Print(string(shown))
	if failure != nil {
		return failure
	}
	for _, want := range []string{
		"ORDERGRAPH_UPSTREAM_TOKEN=[redacted]  # file", "ORDERGRAPH_BUDGET=500/day,5000/month  # env",
		"calls: 1, points: 1, hits: 0, stale: 0", "calls: 0, points: 0, hits: 1, stale: 0", `"limit": `,
	} {
		if !strings.Contains(string(shown), want) {
			return errors.New("it does not show " + want)
		}
	}
	return nil
}

// withBinary puts a program in place of the one that is to be built.
func withBinary(script, binary, folder string) (string, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(folder, "ordergraph"), program, 0o700); err != nil {
		return "", err
	}
	return strings.Replace(script, "go build -o ordergraph .", ":", 1), nil
}

// withFreePorts replaces the ports of a script, and those of the configuration of Prometheus, which it writes anew.
func withFreePorts(script *string, folder string) (configuration string, err error) {
	scrapes, err := os.ReadFile("deploy/prometheus/prometheus.yml")
	if err != nil {
		return "", err
	}
	rules, err := filepath.Abs("deploy/prometheus/ordergraph.rules.yml")
	if err != nil {
		return "", err
	}
	text := strings.Replace(string(scrapes), "- ordergraph.rules.yml", "- "+rules, 1)
	text = strings.Replace(text, "15s", "1s", 1)
	var pairs []string
	for _, port := range []string{"8080", "8081", "8090", "8091", "9000", "9090", "6380"} {
		pairs = append(pairs, port, freePort())
	}
	replacer := strings.NewReplacer(pairs...)
	*script, text = replacer.Replace(*script), replacer.Replace(text)
	*script = strings.Replace(*script, "--log.level=error", "--log.level=error --web.listen-address=127.0.0.1:"+replacer.Replace("9090"), 1)
	configuration = filepath.Join(folder, "prometheus.yml")
	return configuration, os.WriteFile(configuration, []byte(text), 0o600)
}

func freePort() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "0"
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}
