package program

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"ordergraph/upstream"
)

// fileSuffix makes the variable of a secret name the file that holds it.
const fileSuffix = "_FILE"

// maxSecretFile bounds such a file, in bytes: a device may have no end.
const maxSecretFile = 1 << 20

// Where the value of a setting came from.
const (
	fromFlag        = "flag"
	fromEnvironment = "env"
	fromFile        = "file"
	fromDefault     = "default"
)

// isSecret reports whether a setting is never shown, and may come from a file.
func isSecret(flag *kong.Flag) bool {
	switch flag.Target.Interface().(type) {
	case upstream.Secret, []upstream.Secret:
		return len(flag.Envs) > 0
	default:
		return false
	}
}

// secretFiles has the secrets read from their files. kong asks it for what is not on the command line, and
// takes its answer in place of the variable.
var secretFiles = kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !isSecret(flag) {
		return nil, nil
	}
	text, found, err := readSecretFile(flag.Envs[0])
	if !found || err != nil {
		return nil, err
	}
	return text, nil
})

// readSecretFile returns what the file holds that the variable …_FILE names, without the white space around it.
// An empty one is an error: without its secret the server would admit everybody, or act for nobody.
func readSecretFile(variable string) (text string, found bool, err error) {
	path, found := os.LookupEnv(variable + fileSuffix)
	if !found {
		return "", false, nil
	}
	file, err := os.Open(strings.TrimSpace(path))
	if err != nil {
		return "", true, fmt.Errorf("%s%s: %w", variable, fileSuffix, err)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	text = strings.TrimSpace(string(raw))
	switch {
	case len(raw) > maxSecretFile:
		err = fmt.Errorf("%s has more than %d KiB", path, maxSecretFile>>10)
	case err == nil && text == "":
		err = fmt.Errorf("%s is empty", path)
	}
	if err != nil {
		return "", true, fmt.Errorf("%s%s: %w", variable, fileSuffix, err)
	}
	return text, true, nil
}

// checkSecretFiles refuses secrets that are given twice: nobody could say which one is meant.
func checkSecretFiles(chosen *kong.Context) error {
	for _, flag := range chosen.Model.Flags {
		if !isSecret(flag) {
			continue
		}
		variable := flag.Envs[0]
		if _, fromFile := os.LookupEnv(variable + fileSuffix); !fromFile {
			continue
		}
		if _, both := os.LookupEnv(variable); both {
			return fmt.Errorf("--%s: both %s and %s%s are set, want one of them", flag.Name, variable, variable, fileSuffix)
		}
		if source(chosen, flag) == fromFlag {
			return fmt.Errorf("--%s: both the flag and %s%s are set, want one of them", flag.Name, variable, fileSuffix)
		}
	}
	return nil
}

// source returns where the value of a setting came from.
func source(chosen *kong.Context, flag *kong.Flag) string {
	for _, element := range chosen.Path {
		switch {
		case element.Flag == nil || element.Flag.Value != flag.Value:
		case element.Resolved:
			return fromFile
		default:
			return fromFlag
		}
	}
	if _, found := os.LookupEnv(flag.Envs[0]); found {
		return fromEnvironment
	}
	return fromDefault
}
