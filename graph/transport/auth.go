package transport

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"ordergraph/upstream"
)

const routerSecretHeader = "X-Router-Secret"

const hashedTokenPrefix = "sha256:"

// access tells callers apart.
type access struct {
	service bool
	clients []client
	router  *[sha256.Size]byte
}

func newAccess(options Access, router upstream.Secret) (*access, error) {
	a := &access{service: options.Service}
	names := options.Names()
	for i, given := range options.ClientTokens {
		_, token := ClientName(given)
		digest, err := tokenDigest(token)
		if err != nil {
			return nil, fmt.Errorf("client token %d is not allowed, %w", i+1, err)
		}
		a.clients = append(a.clients, client{names[i], digest})
	}
	if router != "" {
		digest := sha256.Sum256([]byte(router.Reveal()))
		a.router = &digest
	}
	return a, nil
}

// Names returns the names of the clients, by which they are counted and have budgets.
func (a Access) Names() (names []string) {
	for i, given := range a.ClientTokens {
		name, _ := ClientName(given)
		names = append(names, cmp.Or(name, fmt.Sprint("client-", i+1)))
	}
	return names
}

// client is who may ask, in service mode.
type client struct {
	name  string
	token [sha256.Size]byte
}

// A bearer token has = at its end alone, so that a name before one is none of it.
var namedToken = regexp.MustCompile(`^([A-Za-z0-9._-]{1,32})=(.*[^=].*)$`)

// ClientName returns the name that is given with a client token, empty if there is none, and the token without it.
func ClientName(given upstream.Secret) (name string, token upstream.Secret) {
	if parts := namedToken.FindStringSubmatch(given.Reveal()); parts != nil {
		return parts[1], upstream.Secret(parts[2])
	}
	return "", given
}

// CheckClientToken reports whether token can be one of Access.ClientTokens. The error does not repeat it.
func CheckClientToken(token upstream.Secret) error {
	_, token = ClientName(token)
	_, err := tokenDigest(token)
	return err
}

// tokenDigest returns the SHA-256 of a token that is given as it is or as "sha256:<hex>".
func tokenDigest(token upstream.Secret) (digest [sha256.Size]byte, err error) {
	text := token.Reveal()
	if text == "" {
		return digest, errors.New("want a token that is not empty")
	}
	encoded, hashed := strings.CutPrefix(text, hashedTokenPrefix)
	if !hashed {
		return sha256.Sum256([]byte(text)), nil
	}
	decoded, err := hex.DecodeString(encoded)
	if err != nil || len(decoded) != sha256.Size {
		return digest, errors.New("want sha256: and 64 hex digits")
	}
	return [sha256.Size]byte(decoded), nil
}

// identify fills in who asks. In pass-through mode a missing token is no refusal: what needs none,
// like introspection, is answered, and each order fails at its own path.
func (a *access) identify(r *http.Request, caller *upstream.Caller) *httpError {
	values := r.Header["Authorization"]
	if len(values) > 1 {
		return badRequest("The header Authorization was sent more than once")
	}
	var authorization string
	if len(values) == 1 {
		authorization = values[0]
	}
	if a.service {
		return a.identifyClient(authorization, caller)
	}
	caller.Authorization = upstream.Secret(authorization)
	caller.Tenant = caller.Authorization
	return nil
}

func (a *access) identifyClient(authorization string, caller *upstream.Caller) *httpError {
	if len(a.clients) == 0 {
		return nil
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	token = strings.TrimLeft(token, " ")
	if token == "" || !strings.EqualFold(scheme, "Bearer") {
		return unauthenticated(`Bearer realm="ordergraph"`)
	}
	name, known := a.knowsClient(token)
	if !known {
		return unauthenticated(`Bearer realm="ordergraph", error="invalid_token"`)
	}
	caller.Tenant, caller.Client = upstream.Secret(token), name
	return nil
}

// knowsClient returns the name of the client whose token it is. It compares with every known token, each in constant time, so that the time it takes
// tells nothing about them.
func (a *access) knowsClient(token string) (name string, known bool) {
	digest := sha256.Sum256([]byte(token))
	at := -1
	for i := range a.clients {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(digest[:], a.clients[i].token[:]), i, at)
	}
	if at < 0 {
		return "", false
	}
	return a.clients[at].name, true
}

func (a *access) trustsRouter(r *http.Request) bool {
	if a.router == nil {
		return false
	}
	digest := sha256.Sum256([]byte(r.Header.Get(routerSecretHeader)))
	return subtle.ConstantTimeCompare(digest[:], a.router[:]) == 1
}

// TrustsRouter reports whether r shows the router secret. Without one no request does.
func (h *Handler) TrustsRouter(r *http.Request) bool { return h.trust.Load().trustsRouter(r) }
