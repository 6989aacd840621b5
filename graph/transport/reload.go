package transport

import (
	"errors"

	"ordergraph/upstream"
)

// trust is who may ask and which documents are trusted. A request keeps to the one that it began with.
type trust struct {
	*access
	documents *Manifest
	// generation tells one from those before it.
	generation uint32
}

var errModeChanged = errors.New("service mode, client tokens and the router secret can't be turned on or off while serving")

// Reload replaces the client tokens, the router secret and the trusted documents, for all requests that begin
// from now on. After an error nothing has changed. Not safe for concurrent use with itself.
func (h *Handler) Reload(options Access, router upstream.Secret, trusted *Manifest) error {
	before := h.trust.Load()
	now, err := newAccess(options, router)
	if err != nil {
		return err
	}
	if now.service != before.service || (now.clients == nil) != (before.clients == nil) || (now.router == nil) != (before.router == nil) {
		return errModeChanged
	}
	h.trust.Store(&trust{now, trusted, before.generation + 1})
	return nil
}
