package program

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"ordergraph/graph/transport"
	"ordergraph/upstream"
)

// printConfig writes each setting as a variable with its effective value and where that came from. It fails
// where the server would not start with them.
func (line *commandLine) printConfig(chosen *kong.Context, output io.Writer) error {
	if _, err := line.Config.trustedDocuments(); err != nil {
		return err
	}
	if _, err := line.Config.sandboxOrders(); err != nil {
		return err
	}
	var text strings.Builder
	for _, flag := range chosen.Model.Flags {
		if len(flag.Envs) > 0 {
			value := strings.Map(blankControl, valueText(flag))
			fmt.Fprintf(&text, "%s=%s  # %s\n", flag.Envs[0], value, source(chosen, flag))
		}
	}
	_, err := io.WriteString(output, text.String())
	return err
}

// settingsHash returns what is the same for instances with the same settings. Where they listen is no difference, and
// secrets are left out.
func settingsHash(chosen *kong.Context) string {
	sum := sha256.New()
	for _, flag := range chosen.Model.Flags {
		if len(flag.Envs) > 0 && !isSecret(flag) && flag.Name != "listen" && flag.Name != "admin-listen" {
			fmt.Fprintf(sum, "%s=%q\n", flag.Envs[0], valueText(flag))
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// valueText returns a value as it could be given, unless it is secret.
func valueText(flag *kong.Flag) string {
	switch value := flag.Target.Interface().(type) {
	case upstream.Secret:
		if value == "" {
			return ""
		}
		return value.String()
	case []upstream.Secret:
		if len(value) == 0 {
			return ""
		}
		return value[0].String()
	case []string:
		return strings.Join(value, ",")
	case time.Duration:
		return durationText(value)
	case int64:
		return sizeText(value)
	case string:
		if flag.Name == "upstream-url" {
			return withoutCredentials(value)
		}
		return value
	default:
		return fmt.Sprint(value)
	}
}

// durationText leaves out the zeros with which package time ends 10m0s and 1h0m0s.
func durationText(duration time.Duration) string {
	text := duration.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// sizeText returns a number of bytes in the largest unit that shows it exactly.
func sizeText(bytes int64) string {
	unit := ""
	for _, larger := range [...]string{"KiB", "MiB", "GiB"} {
		if bytes == 0 || bytes%1024 != 0 {
			break
		}
		bytes, unit = bytes/1024, larger
	}
	return fmt.Sprint(bytes) + unit
}

// trustedDocuments reads the manifest that the settings name, nil if they name none.
func (c *config) trustedDocuments() (*transport.Manifest, error) {
	if c.Operations.TrustedDocuments == "" {
		return nil, nil
	}
	manifest, err := transport.ReadManifest(c.Operations.TrustedDocuments)
	if err != nil {
		return nil, fmt.Errorf("--trusted-documents: %w", err)
	}
	return manifest, nil
}
