// Command savings measures what a page costs by REST and through the program: a list of 20 orders that five people of
// one company keep open, each of whose pages asks again every 5 s, for 2 minutes. Ten times as fast, that is: every
// 500 ms for 12 s, with copies that are fresh for 3 s instead of 30.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	people, polls, orders = 5, 24, 20
	pause                 = 500 * time.Millisecond
	token                 = "Bearer of-the-company"
	query                 = `query List($ids: [ID!]!) { orders(ids: $ids) { id status total { amount } createdAt lineItems { name quantity } domesticShipping { shipments { trackingNumber } } } }`
)

func main() {
	log.SetFlags(0)
	binary := flag.String("binary", "", "the program under test; built from this module if empty")
	flag.Parse()
	if err := run(*binary); err != nil {
		log.Fatal(err)
	}
}

func run(binary string) error {
	folder, err := os.MkdirTemp("", "savings")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if binary == "" {
		binary = filepath.Join(folder, "ordergraph")
		if output, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, output)
		}
	}
	sandbox, server := "127.0.0.1:"+freePort(), "127.0.0.1:"+freePort()
	rest := "http://" + sandbox + "/vv/external/1688get-order-info"
	for _, arguments := range [][]string{
		{"sandbox", "--listen=" + sandbox},
		{"--listen=" + server, "--admin-listen=off", "--upstream-url=" + rest, "--cache-ttl=3s", "--cache-ttl-closed=3s", "--log-level=error"},
	} {
		process := exec.Command(binary, arguments...)
		process.Env = []string{"PATH=" + os.Getenv("PATH")}
		if err := process.Start(); err != nil {
			return err
		}
		defer func() {
			_ = process.Process.Kill()
			_ = process.Wait()
		}()
	}
	if err := wait("http://" + server + "/readyz"); err != nil {
		return err
	}
	ids := make([]string, orders)
	for i := range ids {
		ids[i] = fmt.Sprint(1_000_000 + i)
	}

	ofRest := 0
	for _, id := range ids { // one poll of one person
		body := fmt.Sprintf(`{"web_site":"1688","order_id":%s,"edition":"1","include_fields":"NativeLogistics"}`, id)
		text, err := post(rest, body)
		if err != nil {
			return err
		}
		ofRest += len(text)
	}
	request, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"ids": ids}})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var calls, points, size int
	var failure error
	var group sync.WaitGroup
	for person := range people {
		group.Go(func() {
			time.Sleep(time.Duration(person) * pause / people)
			for range polls {
				text, err := post("http://"+server+"/graphql", string(request))
				var answer struct {
					Errors     []any
					Extensions struct{ Upstream struct{ Calls, Points int } }
				}
				if err == nil {
					err = json.Unmarshal(text, &answer)
				}
				mu.Lock()
				if err != nil || len(answer.Errors) > 0 {
					failure = errors.Join(err, fmt.Errorf("errors: %v", answer.Errors))
				}
				calls, points, size = calls+answer.Extensions.Upstream.Calls, points+answer.Extensions.Upstream.Points, len(text)
				mu.Unlock()
				time.Sleep(pause)
			}
		})
	}
	group.Wait()
	if failure != nil {
		return failure
	}
	all := people * polls * orders
	fmt.Printf("| %d people, %d polls of %d orders | calls | points | bytes of a poll |\n|---|--:|--:|--:|\n", people, polls, orders)
	fmt.Printf("| REST, a call for each order | %d | %d | %d |\n", all, all, ofRest)
	fmt.Printf("| ordergraph | %d | %d | %d |\n", calls, points, size)
	if calls > all/10 {
		return errors.New("that saves too little")
	}
	return nil
}

func post(url, body string) ([]byte, error) {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %s", url, response.Status, strings.TrimSpace(string(text)))
	}
	return text, err
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

func freePort() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "0"
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}
