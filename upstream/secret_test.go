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

// FuzzSecret prints a token, and an error around it, in whatever way a log line or a message might.
func FuzzSecret(f *testing.F) {
	f.Add("%v")
	f.Add("%[1]*d")
	f.Add("%+-# 010.3x")
	const token = "Bearer 1798c6aadec33d1bc2f5b707f1049aef"
	secret := Secret(token)
	failure := &Error{Kind: KindUnavailable, Cause: fmt.Errorf("calling with %v", secret)}
	f.Fuzz(func(t *testing.T, format string) {
		// fmt asks no method of a value given to %p, or of one given to %w that is no error: go vet
		// refuses both.
		if strings.ContainsAny(format, "pw") {
			return
		}
		shown := fmt.Sprintf(format, secret) + fmt.Sprintf(format, &secret) + fmt.Sprintf(format, []Secret{secret}) +
			fmt.Sprintf(format, failure)
		if strings.Contains(shown, token) || strings.Contains(shown, fmt.Sprintf("%x", token)) {
			t.Errorf("%q shows the token", format)
		}
	})
}
