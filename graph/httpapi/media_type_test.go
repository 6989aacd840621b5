package httpapi

import "testing"

func TestNegotiate(t *testing.T) {
	tests := []struct {
		accept []string
		want   mediaType
	}{
		{nil, plainJSON},
		{[]string{""}, plainJSON},
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

func FuzzNegotiate(f *testing.F) {
	f.Add("application/json;q=0.9, */*")
	f.Add(`application/json; charset="utf-8"`)
	f.Fuzz(func(t *testing.T, accept string) {
		if one, twice := negotiate([]string{accept}), negotiate([]string{accept, accept}); accept != "" && one != twice {
			t.Errorf("%q: %d once, %d twice", accept, one, twice)
		}
	})
}
