package graphiql

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"path"
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
	// The page has this attribute once, in its first element.
	ownData, sandboxData = `data-sandbox="false"`, `data-sandbox="true"`
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
		if name == page && options.Sandbox {
			compressed, err = forSandbox(compressed)
		}
		files[name] = httpx.NewContent(contentTypes[path.Ext(name)], cacheControl(name), compressed)
		return err
	})
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

// forSandbox returns the page, compressed, with the attribute that says whose data it shows.
func forSandbox(compressed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	if bytes.Count(text, []byte(ownData)) != 1 {
		return nil, fmt.Errorf("%s doesn't have %s once", page, ownData)
	}
	return httpx.Gzip(bytes.Replace(text, []byte(ownData), []byte(sandboxData), 1)), nil
}
