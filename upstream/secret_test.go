package upstream

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretShowsNowhere(t *testing.T) {
	const token = "hunter2"
	secret := Secret(token)
	inside := struct{ Token Secret }{secret}
	var text strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&text, verb+" "+verb+" "+verb, secret, inside, &inside)
	}
	encoded, err := json.Marshal([]any{secret, inside, &secret})
	if err != nil {
		t.Fatal(err)
	}
	text.Write(encoded)
	text.WriteString(secret.String() + secret.GoString())
	slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "secret", secret, "inside", inside)
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "secret", secret, "inside", inside)
	if shown := text.String(); strings.Contains(shown, token) || strings.Contains(shown, fmt.Sprintf("%x", token)) {
		t.Errorf("the token shows in %s", shown)
	}
	if secret.Reveal() != token {
		t.Error("the token is lost")
	}
}
