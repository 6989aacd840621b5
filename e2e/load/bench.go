package main

import (
	"context"
	"os"
	"path/filepath"
)

// bench is what all scenarios share.
type bench struct {
	settings
	ctx context.Context
	// directory holds what is written for the servers and the load generator.
	directory string
	// groups counts the groups of order ids in use.
	groups int
}

func newBench(ctx context.Context, set settings) (*bench, error) {
	directory, err := os.MkdirTemp("", "load")
	if err != nil {
		return nil, err
	}
	b := &bench{settings: set, ctx: ctx, directory: directory}
	if b.binary == "" {
		b.binary, err = build(ctx, directory)
	} else {
		b.binary, err = filepath.Abs(b.binary)
	}
	if err == nil && b.against != "" {
		b.against, err = filepath.Abs(b.against)
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bench) close() { os.RemoveAll(b.directory) }

// file writes text to a file of its own and returns its name; a * in the pattern makes it unique.
func (b *bench) file(pattern string, text []byte) (string, error) {
	file, err := os.CreateTemp(b.directory, pattern)
	if err != nil {
		return "", err
	}
	defer file.Close()
	_, err = file.Write(text)
	return file.Name(), err
}

// group returns a group of order ids that nobody has used.
func (b *bench) group() int {
	b.groups++
	return b.groups
}
