// Command pack turns a build of GraphiQL into the gzip files that package graphiql embeds.
//
//	pack [-check] build static
//
// With -check it writes nothing and fails if the contents differ. It compares contents, not files,
// because the bytes of a gzip file depend on the version of Go.
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const suffix = ".gz"

func main() {
	check := flag.Bool("check", false, "write nothing, compare the contents")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: pack [-check] build static")
		os.Exit(2)
	}
	run := pack
	if *check {
		run = compare
	}
	if err := run(flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

// pack replaces the folder static by the compressed files of the folder build.
func pack(build, static string) error {
	names, err := filesIn(build)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("%s is empty", build)
	}
	if err := os.RemoveAll(static); err != nil {
		return err
	}
	for _, name := range names {
		if err := packFile(filepath.Join(build, name), filepath.Join(static, name+suffix)); err != nil {
			return err
		}
	}
	return nil
}

func packFile(source, target string) error {
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	compressed, err := compress(content)
	if err != nil {
		return fmt.Errorf("compress %s: %w", source, err)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, compressed, 0o644)
}

// compress leaves the name and the time out of the gzip header, so that the same content always
// becomes the same bytes.
func compress(content []byte) ([]byte, error) {
	var buffer bytes.Buffer
	writer, err := gzip.NewWriterLevel(&buffer, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := writer.Write(content); err != nil {
		return nil, err
	}
	err = writer.Close()
	return buffer.Bytes(), err
}

// compare returns an error for each file that is in one of the folders only, or differs.
func compare(build, static string) error {
	built, err := filesIn(build)
	if err != nil {
		return err
	}
	packed, err := filesIn(static)
	if err != nil {
		return err
	}
	var differences []error
	for _, name := range built {
		if !slices.Contains(packed, name+suffix) {
			differences = append(differences, fmt.Errorf("%s is not packed", name))
			continue
		}
		differences = append(differences, compareFile(filepath.Join(build, name), filepath.Join(static, name+suffix)))
	}
	for _, name := range packed {
		if !slices.Contains(built, name[:len(name)-len(suffix)]) {
			differences = append(differences, fmt.Errorf("%s is not built any more", name))
		}
	}
	return errors.Join(differences...)
}

func compareFile(source, target string) error {
	want, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	got, err := inflate(target)
	if err != nil {
		return fmt.Errorf("inflate %s: %w", target, err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s differs from %s", target, source)
	}
	return nil
}

func inflate(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// filesIn returns the files below folder, relative to it.
func filesIn(folder string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		names = append(names, name)
		return err
	})
	return names, err
}
