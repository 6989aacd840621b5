package respcache

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// Digest names what a request asks for, however it is written: two requests of one caller with the same
// digest have the same data.
type Digest [sha256.Size]byte

// DigestOf returns the digest of an operation that has proven valid: of its document without white space,
// commas and comments, of its name, and of its coerced variables. It returns false if it has none.
func DigestOf(operation *graphql.OperationContext) (digest Digest, ok bool) {
	variables, err := json.Marshal(operation.Variables) // sorted by name
	if err != nil {
		return digest, false
	}
	// Every part comes after its kind and its length, so that no two operations look alike.
	form := make([]byte, 0, len(operation.RawQuery)+len(variables)+64)
	for lex := lexer.New(&ast.Source{Input: operation.RawQuery}); ; {
		token, err := lex.ReadToken()
		if err != nil {
			return digest, false
		}
		if token.Kind == lexer.EOF {
			break
		}
		if token.Kind != lexer.Comment {
			form = appendPart(form, byte(token.Kind), token.Value)
		}
	}
	form = appendPart(form, byte(lexer.EOF), operation.Operation.Name)
	form = appendPart(form, byte(lexer.EOF), string(variables))
	return sha256.Sum256(form), true
}

func appendPart(form []byte, kind byte, text string) []byte {
	form = binary.AppendUvarint(append(form, kind), uint64(len(text)))
	return append(form, text...)
}
