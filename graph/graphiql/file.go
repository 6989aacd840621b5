package graphiql

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"ordergraph/graph/internal/httpx"
)

//go:embed static
var static embed.FS

const (
	folder = "static/"
	suffix = ".gz"

	// page is the one file whose content depends on Options.
	page = "index.html"
	// What the page says of the server, once, in its first element.
	ownAttributes = `data-sandbox="false" data-token="upstream"`
)

// contentTypes are the media types of all kinds of files in the build: the system's own table, which
// package mime reads, may lack or change them.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".md":   "text/markdown; charset=utf-8",
	".svg":  "image/svg+xml",
	".ttf":  "font/ttf",
}

// load reads the build. It panics where the build and this package don't fit together, which the
// tests would have found.
func load(options Options) map[string]*httpx.Content {
	files := make(map[string]*httpx.Content)
	err := fs.WalkDir(static, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		compressed, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimSuffix(strings.TrimPrefix(name, folder), suffix)
		if name == page {
			compressed, err = withAttributes(compressed, options)
		}
		files[name] = httpx.NewContent(contentTypes[path.Ext(name)], cacheControl(name), compressed)
		return err
	})
	if len(options.TestIDs) > 0 {
		files["test-ids.json"] = httpx.NewContent("application/json", cacheControl("test-ids.json"), httpx.Gzip(options.TestIDs))
	}
	if err != nil {
		panic(fmt.Errorf("graphiql: read the embedded build: %w", err))
	}
	return files
}

// cacheControl lets browsers keep what has its content's hash in its name, and ask each time for the
// rest, which costs a 304.
func cacheControl(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// withAttributes returns the page, compressed, with what it says of the server.
func withAttributes(compressed []byte, options Options) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	if bytes.Count(text, []byte(ownAttributes)) != 1 {
		return nil, fmt.Errorf("%s doesn't have %s once", page, ownAttributes)
	}
	attributes := fmt.Sprintf("data-sandbox=%q data-token=%q", strconv.FormatBool(options.Sandbox), cmp.Or(options.Token, NoToken))
	return httpx.Gzip(bytes.Replace(text, []byte(ownAttributes), []byte(attributes), 1)), nil
}
