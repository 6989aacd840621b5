package transport

import (
	"encoding/json"
	"sync"
	"testing"

	"ordergraph/upstream"
)

// told is an observer that remembers the last operation.
type told struct {
	mu   sync.Mutex
	last Operation
}

func (o *told) Began() {}

func (o *told) Ended(x *Exchange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = *x.Operation
}

func TestClientNames(t *testing.T) {
	const manifestText = `query Page{wide}`
	manifest, err := parseManifest([]byte(`{"` + digestOf(manifestText) + `":"` + manifestText + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	names := Options{ClientNames: []string{"web", "unlisted-token"}, Documents: Documents{Trusted: manifest}}
	service := names
	service.Access = Access{Service: true, ClientTokens: []upstream.Secret{"shop=tok", "bare"}}
	for name, test := range map[string]struct {
		options         Options
		query           string
		headers         []string
		client, trusted string
	}{
		"no name":                    {names, `{wide}`, nil, "unknown", ""},
		"listed":                     {names, `{wide}`, []string{"GraphQL-Client-Name", "web"}, "web", ""},
		"listed, Apollo's":           {names, `{wide}`, []string{"apollographql-client-name", "web"}, "web", ""},
		"not listed":                 {names, `{wide}`, []string{"apollographql-client-name", "evil"}, "other", ""},
		"in another case":            {names, `{wide}`, []string{"graphql-client-name", "WEB"}, "other", ""},
		"the community's goes first": {names, `{wide}`, []string{"GraphQL-Client-Name", "evil", "apollographql-client-name", "web"}, "other", ""},
		"token":                      {service, `{wide}`, []string{"Authorization", "Bearer tok", "GraphQL-Client-Name", "web"}, "shop", ""},
		"token without a name":       {service, `{wide}`, []string{"Authorization", "Bearer bare"}, "client-2", ""},
		"no token":                   {service, `{wide}`, []string{"GraphQL-Client-Name", "web"}, "unknown", ""},
		"trusted document":           {names, manifestText, nil, "unknown", "Page"},
		"the same name":              {names, `query Page{wide} #`, nil, "unknown", ""},
	} {
		t.Run(name, func(t *testing.T) {
			observer := &told{}
			test.options.Observer = observer
			send(t, serve(t, test.options, nil), post(query(test.query), test.headers...))
			if observer.last.Client != test.client || observer.last.Trusted != test.trusted {
				t.Errorf("client %q, trusted %q, want %q, %q", observer.last.Client, observer.last.Trusted, test.client, test.trusted)
			}
		})
	}
}

func TestPersistedResults(t *testing.T) {
	const text, other = `query T{wide}`, `{order(id:1)}`
	manifest, err := parseManifest([]byte(`{"` + digestOf(text) + `":"` + text + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	open, only := Options{Documents: Documents{Trusted: manifest}}, Options{Documents: Documents{Trusted: manifest, TrustedOnly: true}}
	off := Options{Documents: Documents{NoAutomatic: true}}
	byID := func(id string) string {
		body, _ := json.Marshal(map[string]string{"documentId": id})
		return string(body)
	}
	for name, test := range map[string]struct {
		options Options
		before  string
		body    string
		want    Persisted
	}{
		"by its text":    {open, "", query(other), Persisted{}},
		"trusted":        {open, "", byID(digestOf(text)), trustedHit},
		"stored":         {open, "", hashed(digestOf(other), other), automaticStored},
		"not valid":      {open, "", hashed(digestOf("{no}"), "{no}"), Persisted{}},
		"found":          {open, hashed(digestOf(other), other), hashed(digestOf(other), ""), automaticHit},
		"unknown":        {open, "", hashed(digestOf(other), ""), automaticUnknown},
		"another's":      {open, "", hashed(digestOf(other), text), automaticRefused},
		"off":            {off, "", hashed(digestOf(other), ""), automaticRefused},
		"only, unknown":  {only, "", byID(digestOf(other)), trustedUnknown},
		"only, another":  {only, "", query(other), trustedRefused},
		"only, its text": {only, "", query(text), Persisted{}},
	} {
		t.Run(name, func(t *testing.T) {
			observer := &told{}
			test.options.Observer = observer
			handler := serve(t, test.options, nil)
			if test.before != "" {
				send(t, handler, post(test.before))
			}
			send(t, handler, post(test.body))
			if observer.last.Persisted != test.want {
				t.Errorf("%v, want %v", observer.last.Persisted, test.want)
			}
		})
	}
}
