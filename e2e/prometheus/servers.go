package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// page is the text of a trusted document.
const page = `query OrdersPage($ids: [ID!]!) { orders(ids: $ids) { id status invoice { title } } }`

// servers are all processes: a Prometheus that scrapes two instances with one Redis before an emulated upstream, and
// one instance that serves invented orders by mistake.
type servers struct {
	processes  []*exec.Cmd
	prometheus string
	// public are the addresses of the instances.
	public []string
	round  int
}

func startServers(binary, folder string) (*servers, error) {
	s := &servers{}
	redisPort, sandboxPort := freePort(), freePort()
	if err := s.start(nil, "redis-server", "--port", redisPort, "--save", "", "--dir", folder, "--bind", "127.0.0.1"); err != nil {
		return s, err
	}
	if err := s.start(nil, binary, "sandbox", "--listen=127.0.0.1:"+sandboxPort); err != nil {
		return s, err
	}
	sum := sha256.Sum256([]byte(page))
	manifest, err := json.Marshal(map[string]string{"sha256:" + hex.EncodeToString(sum[:]): page})
	if err != nil {
		return s, err
	}
	documents := filepath.Join(folder, "documents.json")
	if err := os.WriteFile(documents, manifest, 0o600); err != nil {
		return s, err
	}
	service := []string{
		"ORDERGRAPH_UPSTREAM_URL=http://127.0.0.1:" + sandboxPort + "/vv/external/1688get-order-info", "ORDERGRAPH_UPSTREAM_TOKEN=u",
		"ORDERGRAPH_CLIENT_TOKENS=shop=shop-token,erp=erp-token", "ORDERGRAPH_REDIS_URL=redis://127.0.0.1:" + redisPort,
		"ORDERGRAPH_BUDGET=100000/day,100000/hour", "ORDERGRAPH_CLIENT_BUDGET=erp:20/day", "ORDERGRAPH_TRUSTED_DOCUMENTS=" + documents,
		"ORDERGRAPH_CACHE_TTL=3s",
	}
	var targets []string
	for _, environment := range [][]string{service, service, nil} {
		public, admin := "127.0.0.1:"+freePort(), "127.0.0.1:"+freePort()
		if err := s.start(environment, binary, "--listen="+public, "--admin-listen="+admin, "--log-level=error"); err != nil {
			return s, err
		}
		s.public, targets = append(s.public, public), append(targets, `"`+admin+`"`)
	}
	rules, err := filepath.Abs("deploy/prometheus/ordergraph.rules.yml")
	if err != nil {
		return s, err
	}
	configuration := filepath.Join(folder, "prometheus.yml")
	text := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n  - job_name: ordergraph\n    static_configs: [{targets: [%s]}]\n",
		rules, strings.Join(targets, ", "))
	if err := os.WriteFile(configuration, []byte(text), 0o600); err != nil {
		return s, err
	}
	s.prometheus = "127.0.0.1:" + freePort()
	if err := s.start(nil, "prometheus", "--config.file="+configuration, "--storage.tsdb.path="+filepath.Join(folder, "data"),
		"--web.listen-address="+s.prometheus, "--log.level=error"); err != nil {
		return s, err
	}
	for _, probe := range []string{s.public[0] + "/readyz", s.public[1] + "/readyz", s.public[2] + "/readyz", s.prometheus + "/-/ready"} {
		if err := wait("http://" + probe); err != nil {
			return s, err
		}
	}
	return s, nil
}

// start runs a program until stop, with nothing of this environment but the path.
func (s *servers) start(environment []string, program string, arguments ...string) error {
	process := exec.Command(program, arguments...)
	process.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, environment...)
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		return err
	}
	s.processes = append(s.processes, process)
	return nil
}

func (s *servers) stop() {
	for _, process := range s.processes {
		_ = process.Process.Kill()
		_ = process.Wait()
	}
}

func wait(url string) error {
	for range 500 {
		if response, err := http.Get(url); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New(url + " does not become ready")
}

// load asks for orders in the ways that the panels tell apart.
func (s *servers) load() error {
	s.round++
	for i, address := range s.public {
		id := fmt.Sprint(1000 + s.round%50)
		for _, request := range []struct{ token, body, directive string }{
			{"shop-token", asBody(page, `{"ids":["`+id+`","1001","1002"]}`), ""},
			{"shop-token", asBody(`{ order(id: "`+id+`") { id domesticShipping { city } } }`, `{}`), ""},
			{"shop-token", asBody(`{ order(id: "1003") { id } }`, `{}`), "no-cache"},
			{"erp-token", asBody(`{ order(id: "`+id+`") { id status } }`, `{}`), ""},     // until its budget is spent
			{"shop-token", asBody(`{ order(id: "500") { id status } }`, `{}`), ""},       // an outage
			{"shop-token", asBody(`{ order(id: "204") { id status } }`, `{}`), ""},       // a refusal
			{"shop-token", asBody(`{ order { id } }`, `{}`), ""},                         // not valid
			{"no-token", asBody(`{ order(id: "1") { id } }`, `{}`), ""},                  // not let in
			{"shop-token", asBody(`query Other { order(id: "1003") { id } }`, `{}`), ""}, // a whole answer
		} {
			if err := post(address, request.token, request.body, request.directive); err != nil {
				return fmt.Errorf("instance %d: %w", i, err)
			}
		}
	}
	return nil
}

func asBody(text, variables string) string {
	quoted, _ := json.Marshal(text) // a string
	return fmt.Sprintf(`{"query":%s,"variables":%s}`, quoted, variables)
}

func post(address, token, body, directive string) error {
	request, err := http.NewRequest(http.MethodPost, "http://"+address+"/graphql", bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	if directive != "" {
		request.Header.Set("Cache-Control", directive)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
