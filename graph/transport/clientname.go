package transport

import (
	"net/http"

	"ordergraph/upstream"
)

// Names for clients that have none of their own.
const (
	NoClient    = "unknown" // it gives none, or was refused before
	OtherClient = "other"   // the one that it gives is not listed
)

// clientNameHeaders are where a client says its name: by the GraphQL community, and by Apollo.
var clientNameHeaders = [...]string{"Graphql-Client-Name", "Apollographql-Client-Name"}

// clientNames are the names that count.
type clientNames map[string]struct{}

// of returns the name under which a request is counted. What a request says of itself gives it no access.
func (n clientNames) of(r *http.Request, caller *upstream.Caller) string {
	if caller.Client != "" {
		return caller.Client
	}
	for _, header := range clientNameHeaders {
		if given := first(r.Header[header]); given != "" {
			if _, listed := n[given]; listed {
				return given
			}
			return OtherClient
		}
	}
	return NoClient
}
