package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	encryptionKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	token         = "Bearer PLANTED-TOKEN"
	buyersName    = "PLANTEDNAME"
)

// endpoint is the upstream: it counts, and takes its time.
type endpoint struct {
	*http.Server
	address string
	latency atomic.Int64
	calls   atomic.Int64
	refusal atomic.Pointer[string] // in place of orders
	mu      sync.Mutex
	ofOrder map[string]int
}

func startEndpoint(latency time.Duration) (*endpoint, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &endpoint{address: listener.Addr().String(), ofOrder: map[string]int{}}
	e.latency.Store(int64(latency))
	e.Server = &http.Server{Handler: http.HandlerFunc(e.serve), ReadHeaderTimeout: time.Minute}
	go func() { _ = e.Serve(listener) }()
	return e, nil
}

func (e *endpoint) serve(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		ID json.Number `json:"order_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	nth := e.calls.Add(1)
	e.mu.Lock()
	e.ofOrder[asked.ID.String()]++
	e.mu.Unlock()
	time.Sleep(time.Duration(e.latency.Load()))
	w.Header().Set("Content-Type", "application/json")
	if refusal := e.refusal.Load(); refusal != nil {
		_, _ = io.WriteString(w, *refusal)
		return
	}
	fmt.Fprintf(w, `{"status":0,"data":{"deduct_money":1,"result":{"base_info":{"id":%[1]s,"id_of_str":"%[1]s",`+
		`"status":"waitbuyerreceive","remark":"%[2]d","buyer_contact":{"name":"%[3]s"}},"native_logistics":{"contact_person":"%[3]s"}}}}`,
		asked.ID, nth, buyersName)
}

// perOrder returns the most calls for one order, and forgets all.
func (e *endpoint) perOrder() (most int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, calls := range e.ofOrder {
		most = max(most, calls)
	}
	e.ofOrder = map[string]int{}
	return most
}

// redis is a redis-server.
type redis struct {
	process *exec.Cmd
	port    string
	options []string
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

func (r *redis) start(folder string) error {
	arguments := append([]string{"--port", r.port, "--save", "", "--appendonly", "no", "--dir", folder, "--bind", "127.0.0.1"}, r.options...)
	r.process = exec.Command("redis-server", arguments...)
	if err := r.process.Start(); err != nil {
		return err
	}
	for range 200 {
		if answer, err := r.command("PING"); err == nil && strings.HasPrefix(answer, "PONG") {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("redis-server does not answer")
}

// writeURL writes where it is into a file.
func (r *redis) writeURL(file string) error {
	return os.WriteFile(file, []byte("redis://127.0.0.1:"+r.port), 0o600)
}

func (r *redis) stop() {
	if r.process.Process == nil {
		return // it could not be started
	}
	_ = r.process.Process.Kill()
	_ = r.process.Wait()
}

// command runs redis-cli.
func (r *redis) command(arguments ...string) (string, error) {
	output, err := exec.Command("redis-cli", append([]string{"-p", r.port}, arguments...)...).Output()
	return string(output), err
}

// instance is the program as a process.
type instance struct {
	process *exec.Cmd
	address string
	log     string
	exited  chan struct{}
	// redisURL is the file that says where Redis is.
	redisURL string
}

// cpu returns the CPU time that the process has spent, in ticks of the system. Needs Linux.
func (i *instance) cpu() (ticks int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", i.process.Process.Pid))
	if err != nil {
		return 0
	}
	// utime and stime are the 12th and 13th fields after the name, which is in parentheses.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return user + system
}

// setup says what to deploy: instances on one upstream that takes its time, and their Redis.
type setup struct {
	instances int
	latency   time.Duration
	redis     []string // its options
	alone     bool     // without Redis
	arguments []string // of each instance
}

// deployment is what was set up.
type deployment struct {
	*endpoint
	arguments []string
	redis     *redis
	instances []*instance
	client    *http.Client
}

// on returns a check that runs on a deployment of its own.
func on(set setup, check func(*suite, *deployment) (string, error)) func(*suite) (string, error) {
	return func(s *suite) (string, error) {
		d, err := s.deploy(set)
		if err != nil {
			return "", err
		}
		defer d.stop()
		return check(s, d)
	}
}

// again returns a check that may fail twice before it counts: one whose exact figure holds as long as Redis answers
// within its 400 ms, which a machine that does much else does not promise.
func again(check func(*suite) (string, error)) func(*suite) (string, error) {
	return func(s *suite) (measured string, err error) {
		for range 3 {
			if measured, err = check(s); err == nil {
				break
			}
		}
		return measured, err
	}
}

func (s *suite) deploy(set setup) (d *deployment, err error) {
	d = &deployment{arguments: set.arguments, client: &http.Client{
		Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 500},
	}}
	defer func() {
		if err != nil {
			d.stop()
		}
	}()
	if d.endpoint, err = startEndpoint(set.latency); err != nil {
		return nil, err
	}
	if !set.alone {
		d.redis = &redis{port: freePort(), options: set.redis}
		if err := d.redis.start(s.folder); err != nil {
			return nil, err
		}
	}
	for range set.instances {
		if err := s.addInstance(d); err != nil {
			return nil, err
		}
	}
	if !set.alone {
		time.Sleep(300 * time.Millisecond) // they connect in the background
	}
	return d, nil
}

// addInstance starts one more.
func (s *suite) addInstance(d *deployment) error {
	i, err := s.startInstance(d.endpoint, d.redis, d.arguments)
	if err == nil {
		d.instances = append(d.instances, i)
	}
	return err
}

func (s *suite) startInstance(upstream *endpoint, redis *redis, arguments []string) (*instance, error) {
	i := &instance{address: "127.0.0.1:" + freePort(), exited: make(chan struct{})}
	i.log = filepath.Join(s.folder, fmt.Sprint("instance-", rand.Uint64()))
	file, err := os.Create(i.log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	i.process = exec.Command(s.binary, append([]string{"--listen", i.address, "--admin-listen", "off", "--upstream-url", "http://" + upstream.address + "/order-info"}, arguments...)...)
	i.process.Stderr = file
	i.process.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "ORDERGRAPH_") })
	if redis != nil {
		i.redisURL = i.log + "-redis-url"
		if err := redis.writeURL(i.redisURL); err != nil {
			return nil, err
		}
		i.process.Env = append(i.process.Env, "ORDERGRAPH_REDIS_URL_FILE="+i.redisURL, "ORDERGRAPH_REDIS_ENCRYPTION_KEY="+encryptionKey)
	}
	if err := i.process.Start(); err != nil {
		return nil, err
	}
	go func() { _ = i.process.Wait(); close(i.exited) }()
	for range 500 {
		response, err := http.Get("http://" + i.address + "/readyz") //nolint:noctx // loopback
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return i, nil
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	text, _ := os.ReadFile(i.log)
	return nil, fmt.Errorf("an instance is not ready: %.500s", text)
}

func (d *deployment) stop() {
	for _, i := range d.instances {
		_ = i.process.Process.Kill()
		<-i.exited
	}
	if d.redis != nil {
		d.redis.stop()
	}
	if d.endpoint != nil {
		_ = d.Close()
	}
}

// answer is what an instance says.
type answer struct {
	took time.Duration
	note string // which call the order came with
	code string // of the first error
	err  error
}

// ask asks an instance for fields of an order.
func (d *deployment) ask(instance int, id, fields string, header ...string) (a answer) {
	began := time.Now()
	defer func() { a.took = time.Since(began) }()
	body, _ := json.Marshal(map[string]string{"query": `{order(id:"` + id + `"){orderNote ` + fields + `}}`})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+d.instances[instance].address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", token)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := d.client.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	var got struct {
		Data   struct{ Order *struct{ OrderNote string } }
		Errors []struct {
			Extensions struct{ Code string }
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		return answer{err: err}
	}
	if got.Data.Order != nil {
		a.note = got.Data.Order.OrderNote
	}
	if len(got.Errors) > 0 {
		a.code = got.Errors[0].Extensions.Code
	}
	return a
}

var lastID atomic.Int64

// newID returns an order id that was not asked for yet.
func newID() string { return fmt.Sprint(700000000000000000 + lastID.Add(1)) }
