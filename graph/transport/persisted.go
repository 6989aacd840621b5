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

// Persisted is what became of a request that names a document by its hash, or leaves one under it.
type Persisted struct{ Kind, Result string }

// PersistedResults are all that there are.
var PersistedResults = []Persisted{automaticHit, automaticStored, automaticUnknown, automaticRefused, trustedHit, trustedUnknown, trustedRefused}

var (
	automaticHit     = Persisted{"automatic", "hit"}
	automaticStored  = Persisted{"automatic", "stored"}
	automaticUnknown = Persisted{"automatic", "unknown"}
	automaticRefused = Persisted{"automatic", "refused"} // it is off, or the hash is of another text
	trustedHit       = Persisted{"trusted", "hit"}
	trustedUnknown   = Persisted{"trusted", "unknown"}
	trustedRefused   = Persisted{"trusted", "refused"} // it is none, and nothing else runs
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
// It returns the id under which the text may be kept once it has proven valid, empty for none, and what to count.
func (d *documents) resolve(p *parameters, trusted *Manifest) (keepAs string, result Persisted, refused *httpError) {
	id, refused := persistedID(p)
	if refused != nil {
		return "", result, refused
	}
	if p.Query == "" {
		if id == "" {
			return "", result, badRequest("The parameter query is missing.")
		}
		result, refused = d.lookUp(id, p, trusted)
		return "", result, refused
	}
	if id != "" && digestOf(p.Query) != id {
		return "", automaticRefused, badRequest("extensions.persistedQuery.sha256Hash is not the SHA-256 of query.")
	}
	if d.TrustedOnly && !trusted.holds(p.Query) {
		return "", trustedRefused, requestError(codes.UntrustedDocument, "Only operations of the trusted documents run here.")
	}
	return id, result, nil
}

func (d *documents) lookUp(id string, p *parameters, trusted *Manifest) (Persisted, *httpError) {
	if text, found := trusted.find(id); found {
		p.Query = text
		return trustedHit, nil
	}
	if d.automatic != nil {
		if text, found := d.automatic.Get(id); found {
			p.Query = text
			return automaticHit, nil
		}
	}
	// Clients match on these two messages.
	notFound := requestError(codes.PersistedNotFound, "PersistedQueryNotFound")
	switch {
	case d.automatic != nil:
		return automaticUnknown, notFound
	case trusted != nil:
		return trustedUnknown, notFound
	default:
		return automaticRefused, requestError(codes.PersistedNotSupported, "PersistedQueryNotSupported")
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
