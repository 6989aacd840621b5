package transport

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"ordergraph/graph/internal/codes"
	"ordergraph/upstream/lru"
)

// Documents says which operations run, and which are known by their hash.
type Documents struct {
	// NoAutomatic turns automatic persisted queries off: a client can't leave a text here under its
	// hash.
	NoAutomatic bool
	// Trusted are the operations of a manifest.
	Trusted *Manifest
	// TrustedOnly refuses everything that Trusted doesn't hold.
	TrustedOnly bool
}

const (
	// maxDocumentBytes bounds the automatic persisted queries.
	maxDocumentBytes = 8 << 20
	// documentBytes is what one takes besides its text.
	documentBytes = 512
)

// documents turns hashes into texts.
type documents struct {
	Documents
	automatic *lru.Cache[string, string] // texts by their SHA-256; nil when off. Who knows the hash knows the text
}

func newDocuments(options Documents) *documents {
	d := &documents{Documents: options}
	if !options.NoAutomatic && !options.TrustedOnly {
		d.automatic = lru.New[string, string](maxDocumentBytes, nil)
	}
	return d
}

// persistedID returns the id of the document that p names instead of, or besides, its text; empty
// if it names none.
func persistedID(p *parameters) (string, *httpError) {
	if p.documentID != "" {
		if p.Query != "" {
			return "", badRequest("Send either query or documentId, not both.")
		}
		return documentID(p.documentID), nil
	}
	extension, given := p.Extensions["persistedQuery"]
	if !given || extension == nil {
		return "", nil
	}
	object, ok := extension.(map[string]any)
	if !ok {
		return "", badRequest("extensions.persistedQuery must be an object.")
	}
	if object["version"] != json.Number("1") {
		return "", badRequest("extensions.persistedQuery.version must be 1.")
	}
	name, _ := object["sha256Hash"].(string)
	hash := documentID(name)
	if decoded, err := hex.DecodeString(hash); err != nil || len(decoded) != sha256.Size {
		return "", badRequest("extensions.persistedQuery.sha256Hash must be 64 hex digits.")
	}
	return hash, nil
}

// resolve fills in the text of a document that is named by its hash, and refuses what may not run.
// It returns the id under which the text may be kept once it has proven valid, empty for none.
func (d *documents) resolve(p *parameters, trusted *Manifest) (keepAs string, refused *httpError) {
	id, refused := persistedID(p)
	if refused != nil {
		return "", refused
	}
	if p.Query == "" {
		if id == "" {
			return "", badRequest("The parameter query is missing.")
		}
		return "", d.lookUp(id, p, trusted)
	}
	if id != "" && digestOf(p.Query) != id {
		return "", badRequest("extensions.persistedQuery.sha256Hash is not the SHA-256 of query.")
	}
	if d.TrustedOnly && !trusted.holds(p.Query) {
		return "", requestError(codes.UntrustedDocument, "Only operations of the trusted documents run here.")
	}
	return id, nil
}

func (d *documents) lookUp(id string, p *parameters, trusted *Manifest) *httpError {
	text, found := trusted.find(id)
	if !found && d.automatic != nil {
		text, found = d.automatic.Get(id)
	}
	switch {
	case found:
		p.Query = text
		return nil
	case d.automatic == nil && trusted == nil:
		// Clients match on these two messages.
		return requestError(codes.PersistedNotSupported, "PersistedQueryNotSupported")
	default:
		return requestError(codes.PersistedNotFound, "PersistedQueryNotFound")
	}
}

// keep remembers a valid document under its hash, and reports whether it was one to remember.
func (d *documents) keep(id, text string) bool {
	if id == "" || d.automatic == nil {
		return false
	}
	d.automatic.Put(id, text, documentBytes+len(text))
	return true
}
