package graph

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"ordergraph/graph/httpapi"
)

// schemaText serves the SDL. It is as public as introspection and _service are: with introspection
// off and a router secret set, it needs the secret as well.
func schemaText(options Options, api *httpapi.Handler) http.Handler {
	plain := []byte(options.SDL)
	compressed := httpapi.Gzip(plain)
	digest := sha256.Sum256(plain)
	tag := hex.EncodeToString(digest[:16])
	hidden := options.NoIntrospection && options.RouterSecret != ""
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hidden && !api.TrustsRouter(r) {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "text/plain; charset=utf-8")
		header.Set("Cache-Control", "no-cache")
		httpapi.AddVary(header, "Accept-Encoding")
		if httpapi.AcceptsGzip(r) {
			header.Set("Content-Encoding", "gzip")
			header.Set("ETag", `"`+tag+`-gzip"`)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(compressed))
			return
		}
		header.Set("ETag", `"`+tag+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(plain))
	})
}
