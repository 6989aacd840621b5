package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The sites of the document: the domestic and the international one.
const (
	site1688    = "1688"
	siteAlibaba = "alibaba"
)

// domains is the set of optional parts of an order that a call asks for.
type domains uint8

const (
	guaranteesTerms domains = 1 << iota
	nativeLogistics
	rateDetail
	orderInvoice

	// defaultDomains come without include_fields: 默认返回GuaranteesTerms、NativeLogistics、OrderInvoice.
	defaultDomains = guaranteesTerms | nativeLogistics | orderInvoice
	allDomains     = defaultDomains | rateDetail
)

var domainNames = []string{"GuaranteesTerms", "NativeLogistics", "RateDetail", "OrderInvoice"}

// request holds the parameters of one call.
type request struct {
	site          string
	orderID       int64
	orderIDText   string // every digit
	orderIDQuoted bool
	includeFields *string // nil: not sent
	domains       domains
	attributeKeys []string
	edition       string // "1" if it was not sent
}

// maxRequestBytes bounds what one call may send.
const maxRequestBytes = 1 << 20

// readRequest reads the parameters. An error names the parameter that the upstream would refuse
// (100 请求参数错误); what was read before it is returned too, for the log.
func readRequest(r *http.Request) (request, error) {
	parameters := request{edition: "1", domains: defaultDomains}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return parameters, errors.New("Content-Type is not application/json")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBytes+1))
	if err != nil {
		return parameters, fmt.Errorf("read the body: %w", err)
	}
	if len(body) > maxRequestBytes {
		return parameters, errors.New("the body is too large")
	}
	members, err := readMembers(body)
	if err != nil {
		return parameters, err
	}
	return parameters, parameters.read(members)
}

// readMembers splits a JSON object strictly: UTF-8, no member twice, nothing after it.
func readMembers(body []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("the body is not a JSON object")
	}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("the body is not JSON: %w", err)
		}
		if members[name.(string)] != nil {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("the body is not JSON: %w", err)
		}
		members[name.(string)] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("the body is not JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return members, nil
}

// read takes over all parameters. It goes on after a bad one, so that the log shows the rest.
func (q *request) read(members map[string]json.RawMessage) error {
	readers := map[string]func(json.RawMessage) error{
		"web_site":       q.readSite,
		"order_id":       q.readOrderID,
		"include_fields": q.readIncludeFields,
		"attribute_keys": q.readAttributeKeys,
		"edition":        q.readEdition,
	}
	var problems []error
	for _, required := range []string{"order_id", "web_site"} {
		if members[required] == nil {
			problems = append(problems, fmt.Errorf("%s is missing", required))
		}
	}
	for name, value := range members {
		read, known := readers[name]
		if !known {
			problems = append(problems, fmt.Errorf("%s is no parameter", name))
		} else if err := read(value); err != nil {
			problems = append(problems, fmt.Errorf("%s %w", name, err))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

func (q *request) readSite(value json.RawMessage) error {
	site, isText := text(value)
	if !isText || site != site1688 && site != siteAlibaba {
		return errors.New("is neither 1688 nor alibaba")
	}
	q.site = site
	return nil
}

// readOrderID takes an integer or a string of digits, 1 to 2^63-1 (交易的订单id, a Java Long).
func (q *request) readOrderID(value json.RawMessage) error {
	digits, quoted := text(value)
	if !quoted {
		digits = string(value)
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != digits {
		return errors.New("is no integer from 1 to 9223372036854775807")
	}
	q.orderID, q.orderIDText, q.orderIDQuoted = id, digits, quoted
	return nil
}

// readIncludeFields is stricter than the document, which says nothing about empty and unknown
// names: a caller that relies on them relies on luck.
func (q *request) readIncludeFields(value json.RawMessage) error {
	fields, isText := text(value)
	if !isText {
		return errors.New("is no string")
	}
	q.includeFields = &fields
	q.domains = 0
	for name := range strings.SplitSeq(fields, ",") {
		i := slices.Index(domainNames, name)
		if i < 0 {
			return fmt.Errorf("names %q, which is no domain", name)
		}
		if q.domains&(1<<i) != 0 {
			return fmt.Errorf("names %s twice", name)
		}
		q.domains |= 1 << i
	}
	return nil
}

func (q *request) readAttributeKeys(value json.RawMessage) error {
	if value[0] != '[' || json.Unmarshal(value, &q.attributeKeys) != nil || slices.Contains(q.attributeKeys, "") {
		q.attributeKeys = nil
		return errors.New("is no array of keys")
	}
	return nil
}

func (q *request) readEdition(value json.RawMessage) error {
	edition, isText := text(value)
	if !isText || edition != "1" && edition != "2" {
		return errors.New(`is neither "1" nor "2"`)
	}
	q.edition = edition
	return nil
}

// text returns the value of a JSON string, and false for any other value.
func text(value json.RawMessage) (string, bool) {
	var result string
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &result) != nil {
		return "", false
	}
	return result, true
}
