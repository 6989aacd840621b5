package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"time"
)

// request is one HTTP request, and the orders that its answer must show.
type request struct {
	method, target string
	header         map[string]string
	body           []byte
	ids            []string
	// list says that the answer shows them as a list.
	list bool
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	// length counts the bytes of the whole answer on the wire.
	length int
}

// idPlaceholder stands for an order id in a request that is asked for one order after the other. It
// has as many bytes as an id.
const idPlaceholder = "@@@@@@@@@@@@@@@@@"

// ask returns the request for one order, with its id in the query.
func ask(id, selection string) request {
	return post(requestBody(graphqlRequest{Query: "{order(id:\"" + id + "\")" + selection + "}"}), id)
}

// askByVariable returns the request for one order, or for the placeholder, with its id as a variable:
// as programs ask that ask for many.
func askByVariable(id, selection string) request {
	return post(requestBody(graphqlRequest{
		Query: "query($id:ID!){order(id:$id)" + selection + "}", Variables: map[string]string{"id": id},
	}), id)
}

// askList returns the request for a list of orders.
func askList(ids []string, selection string) request {
	q := post(requestBody(graphqlRequest{Query: "{orders(ids:[\"" + strings.Join(ids, `","`) + "\"])" + selection + "}"}), ids...)
	q.list = true
	return q
}

// askPersisted returns two requests for the order: one that makes the program remember the query by its hash,
// and a GET with the hash alone.
func askPersisted(id, selection string) (first, further request) {
	query := "{order(id:\"" + id + "\")" + selection + "}"
	extension := persistedQuery(query)
	first = post(requestBody(graphqlRequest{Query: query, Extensions: json.RawMessage(extension)}), id)
	further = request{
		method: http.MethodGet, target: "/graphql?extensions=" + url.QueryEscape(extension), ids: []string{id},
		header: map[string]string{"Authorization": authorization, "X-Requested-With": "load"},
	}
	return first, further
}

// askUpstream returns the call that the program makes for an order.
func askUpstream(id string) request {
	q := post([]byte(`{"order_id":`+id+`,"web_site":"1688","edition":"1","include_fields":"NativeLogistics"}`), id)
	q.target = endpointPath
	return q
}

func post(body []byte, ids ...string) request {
	return request{
		method: http.MethodPost, target: "/graphql", body: body, ids: ids,
		header: map[string]string{"Authorization": authorization, "Content-Type": "application/json"},
	}
}

// graphqlRequest is the body of a request.
type graphqlRequest struct {
	Query      string            `json:"query"`
	Variables  map[string]string `json:"variables,omitempty"`
	Extensions json.RawMessage   `json:"extensions,omitempty"`
}

func requestBody(request graphqlRequest) []byte {
	body, err := json.Marshal(request)
	if err != nil {
		panic(err) // Texts can be written as JSON.
	}
	return body
}

// raw returns the request as it goes over the wire.
func (q request) raw(address string) []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", q.method, q.target, address)
	for _, name := range slices.Sorted(maps.Keys(q.header)) {
		fmt.Fprintf(&text, "%s: %s\r\n", name, q.header[name])
	}
	if q.method == http.MethodPost {
		fmt.Fprintf(&text, "Content-Length: %d\r\n", len(q.body))
	}
	text.WriteString("\r\n")
	text.Write(q.body)
	return text.Bytes()
}

func rawRequests(requests []request, address string) [][]byte {
	list := make([][]byte, len(requests))
	for i, q := range requests {
		list[i] = q.raw(address)
	}
	return list
}

var client = &http.Client{
	Timeout:   60 * time.Second,
	Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
}

// send sends the request.
func (q request) send(ctx context.Context, address string) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, q.method, "http://"+address+q.target, bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	for name, value := range q.header {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	head, err := httputil.DumpResponse(response, false)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	return &answer{response.StatusCode, response.Header, body, len(head) + len(body)}, err
}

// check sends the request and looks whether the answer shows what it must: the right orders in the
// right places, their own data, and no error.
func (q request) check(ctx context.Context, address string) (*answer, error) {
	a, err := q.send(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := q.compare(a); err != nil {
		return nil, fmt.Errorf("%w; status %d, the answer: %.400s", err, a.status, a.body)
	}
	return a, nil
}

// shownOrder is the part of an order that every selection of the suite has.
type shownOrder struct {
	ID        string
	Status    string
	LineItems []struct{ ID string }
}

func (q request) compare(a *answer) error {
	if a.status != http.StatusOK {
		return fmt.Errorf("not %d", http.StatusOK)
	}
	if q.target == endpointPath {
		if want := anyOrder().appendTo(nil, q.ids[0]); !bytes.Equal(a.body, want) {
			return fmt.Errorf("another answer than for order %s", q.ids[0])
		}
		return nil
	}
	var shown struct {
		Data struct {
			Order  *shownOrder
			Orders []*shownOrder
		}
		Errors []json.RawMessage
	}
	if err := json.Unmarshal(a.body, &shown); err != nil {
		return err
	}
	orders := shown.Data.Orders
	if !q.list {
		orders = []*shownOrder{shown.Data.Order}
	}
	if len(shown.Errors) > 0 || len(orders) != len(q.ids) {
		return fmt.Errorf("%d orders instead of %d, and %d errors", len(orders), len(q.ids), len(shown.Errors))
	}
	for i, order := range orders {
		if order == nil || order.ID != q.ids[i] || order.Status != "WAIT_BUYER_RECEIVE" {
			return fmt.Errorf("not order %s but %+v", q.ids[i], order)
		}
		var items []string
		for _, item := range order.LineItems {
			items = append(items, item.ID)
		}
		if want := anyOrder().lineItemIDs(order.ID); !slices.Equal(items, want) {
			return fmt.Errorf("order %s shows the line items %v, not %v", order.ID, items, want)
		}
	}
	return nil
}
