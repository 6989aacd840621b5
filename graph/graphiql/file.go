package graphiql

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
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

// A file is one file of the page, as gzip.
type file struct {
	contentType  string
	cacheControl string
	// hash is of the compressed bytes.
	hash       string
	compressed []byte
}

// load reads the build. It panics where the build and this package don't fit together, which the
// tests would have found.
func load(options Options) map[string]*file {
	files := make(map[string]*file)
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
		files[name] = newFile(name, compressed)
		return err
	})
	if err != nil {
		panic(fmt.Errorf("graphiql: read the embedded build: %w", err))
	}
	return files
}

func newFile(name string, compressed []byte) *file {
	sum := sha256.Sum256(compressed)
	return &file{
		contentType:  contentTypes[path.Ext(name)],
		cacheControl: cacheControl(name),
		hash:         hex.EncodeToString(sum[:12]),
		compressed:   compressed,
	}
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
	text, err := inflate(compressed)
	if err != nil {
		return nil, err
	}
	if bytes.Count(text, []byte(ownData)) != 1 {
		return nil, fmt.Errorf("%s doesn't have %s once", page, ownData)
	}
	return deflate(bytes.Replace(text, []byte(ownData), []byte(sandboxData), 1))
}

func inflate(compressed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

func deflate(text []byte) ([]byte, error) {
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	if _, err := writer.Write(text); err != nil {
		return nil, err
	}
	err := writer.Close()
	return buffer.Bytes(), err
}

// size returns the length of the inflated file, which a gzip file has at its end.
func (f *file) size() int {
	return int(binary.LittleEndian.Uint32(f.compressed[len(f.compressed)-4:]))
}

// tag returns the ETag. The two encodings are different representations and have one each.
func (f *file) tag(compressed bool) string {
	if compressed {
		return `"` + f.hash + `-gzip"`
	}
	return `"` + f.hash + `"`
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	compressed := acceptsGzip(r.Header.Values("Accept-Encoding"))
	header := w.Header()
	header.Set("Cache-Control", f.cacheControl)
	header.Set("ETag", f.tag(compressed))
	header.Add("Vary", "Accept-Encoding")
	if matches(r.Header.Values("If-None-Match"), f.tag(compressed)) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", f.contentType)
	if compressed {
		header.Set("Content-Encoding", "gzip")
		header.Set("Content-Length", strconv.Itoa(len(f.compressed)))
	} else {
		header.Set("Content-Length", strconv.Itoa(f.size()))
	}
	if r.Method != http.MethodHead {
		f.write(w, compressed)
	}
}

// write sends the body. An error means that the client has gone, and nobody is left to be told.
func (f *file) write(w io.Writer, compressed bool) {
	if compressed {
		w.Write(f.compressed)
		return
	}
	if reader, err := gzip.NewReader(bytes.NewReader(f.compressed)); err == nil {
		io.Copy(w, reader)
	}
}
