package transport

import "testing"

func TestNegotiate(t *testing.T) {
	tests := []struct {
		accept []string
		want   mediaType
	}{
		{nil, plainJSON},
		{[]string{""}, plainJSON},
		{[]string{"", ""}, plainJSON},
		{[]string{" , ,"}, plainJSON},
		{[]string{",application/graphql-response+json,"}, graphqlResponse},
		{[]string{`application/graphql-response+json; charset="utf-8"; q=0.5, application/json; q=".4"`}, graphqlResponse},
		{[]string{"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}, plainJSON},
		{[]string{"text/*"}, mediaNone},
		{[]string{"application/json; charset=us-ascii"}, mediaNone},
		{[]string{"*/*"}, plainJSON},
		{[]string{"application/*"}, plainJSON},
		{[]string{"application/json"}, plainJSON},
		{[]string{"Application/JSON"}, plainJSON},
		{[]string{"application/graphql-response+json"}, graphqlResponse},
		{[]string{"application/graphql-response+json; charset=utf-8"}, graphqlResponse},
		{[]string{"application/graphql-response+json,application/json;q=0.9"}, graphqlResponse},
		{[]string{"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"}, graphqlResponse},
		{[]string{"application/json, application/graphql-response+json"}, graphqlResponse},
		{[]string{"application/json;q=0.9, application/graphql-response+json;q=0.8"}, plainJSON},
		{[]string{"application/json;q=0.1", "application/graphql-response+json;q=0.8"}, graphqlResponse},
		{[]string{"*/*, application/graphql-response+json"}, graphqlResponse},
		{[]string{"*/*, application/graphql-response+json;q=0.5"}, plainJSON},
		{[]string{"application/json, */*;q=0.5"}, plainJSON},
		{[]string{"application/json;q=0, */*"}, graphqlResponse},
		{[]string{"application/graphql-response+json;q=0, */*"}, plainJSON},
		{[]string{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, plainJSON},
		{[]string{"text/html"}, mediaNone},
		{[]string{"application/json;q=0"}, mediaNone},
		{[]string{"*/*;q=0"}, mediaNone},
		{[]string{"application/json; charset=utf-16"}, mediaNone},
		{[]string{"application/json;q=2"}, mediaNone},
		{[]string{"application/json;q=x"}, mediaNone},
		{[]string{"application"}, mediaNone},
		{[]string{";;;"}, mediaNone},
	}
	for _, test := range tests {
		if got := negotiate(test.accept); got != test.want {
			t.Errorf("Accept %q: %d, want %d", test.accept, got, test.want)
		}
	}
}

func TestPrefersHTML(t *testing.T) {
	for accept, want := range map[string]bool{
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8": true,
		"text/html":                    true,
		"TEXT/HTML; charset=utf-8":     true,
		"text/html, */*":               true,
		"application/json, text/html":  true,
		"":                             false,
		"*/*":                          false,
		"text/*":                       false,
		"text/html;q=0":                false,
		"text/html;q=0.5, */*;q=0.6":   false,
		"application/json":             false,
		"text/plain, application/json": false,
		"application/graphql-response+json, text/html;q=0.9": false,
	} {
		if got := PrefersHTML([]string{accept}); got != want {
			t.Errorf("Accept %q: %v", accept, got)
		}
	}
	if PrefersHTML(nil) {
		t.Error("no header")
	}
}

func FuzzNegotiate(f *testing.F) {
	f.Add("application/json;q=0.9, */*")
	f.Add(`application/json; charset="utf-8"`)
	f.Fuzz(func(t *testing.T, accept string) {
		if one, twice := negotiate([]string{accept}), negotiate([]string{accept, accept}); accept != "" && one != twice {
			t.Errorf("%q: %d once, %d twice", accept, one, twice)
		}
	})
}
