package restfields

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"

	"ordergraph/graph/internal/httpx"
)

// Path is where the page is served; with .tsv and .json behind it the rows for programs.
const Path = "/rest-fields"

// maxTerm bounds what is searched for, in bytes.
const maxTerm = 200

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string

	page   = template.Must(template.New("page").Parse(strings.Replace(pageHTML, "STYLE", pageCSS, 1)))
	policy = "default-src 'none'; style-src 'sha256-" + hashOf(pageCSS) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Register serves rows under Path. GET and HEAD are answered; ?q= shows on the page what Search finds.
func Register(mux *http.ServeMux, rows []Row) error {
	encoded, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	all, err := render(rows, "", len(rows))
	if err != nil {
		return err
	}
	const everybodyAsksAgain = "no-cache"
	whole := httpx.NewContent("text/html; charset=utf-8", everybodyAsksAgain, httpx.Gzip(all))
	mux.Handle("GET "+Path+".json", httpx.NewContent("application/json", everybodyAsksAgain, httpx.Gzip(append(encoded, '\n'))))
	mux.Handle("GET "+Path+".tsv", httpx.NewContent("text/tab-separated-values; charset=utf-8", everybodyAsksAgain, httpx.Gzip([]byte(TSV(rows)))))
	mux.HandleFunc("GET "+Path, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		term := r.URL.Query().Get("q")
		if term == "" {
			whole.ServeHTTP(w, r)
			return
		}
		if len(term) > maxTerm {
			http.Error(w, "the term is too long: 200 bytes are searched for", http.StatusBadRequest)
			return
		}
		found, err := render(Search(rows, term), term, len(rows))
		if err != nil {
			http.Error(w, "the page can't be made", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(found)
	})
	return nil
}

func render(rows []Row, term string, all int) ([]byte, error) {
	var text bytes.Buffer
	err := page.Execute(&text, struct {
		Rows []Row
		Term string
		All  int
	}{rows, term, all})
	return text.Bytes(), err
}
