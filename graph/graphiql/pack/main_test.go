package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, folder, name, content string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// packed returns a build of two files and the folder that it was packed into.
func packed(t *testing.T) (build, static string) {
	t.Helper()
	build, static = filepath.Join(t.TempDir(), "dist"), filepath.Join(t.TempDir(), "static")
	write(t, build, "index.html", "page")
	write(t, build, "assets/index.js", "script")
	write(t, static, "assets/old.js.gz", "left over from the build before")
	if err := pack(build, static); err != nil {
		t.Fatal(err)
	}
	return build, static
}

func TestPackedContentsAreTheBuild(t *testing.T) {
	build, static := packed(t)
	if err := compare(build, static); err != nil {
		t.Error(err)
	}
}

func TestCompareFindsWhatDiffers(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, build, static string)
		want   string
	}{
		{"changed", func(t *testing.T, build, _ string) { write(t, build, "index.html", "page 2") }, "differs"},
		{"added", func(t *testing.T, build, _ string) { write(t, build, "new.js", "") }, "new.js is not packed"},
		{"removed", func(t *testing.T, build, _ string) {
			if err := os.Remove(filepath.Join(build, "assets/index.js")); err != nil {
				t.Fatal(err)
			}
		}, "assets/index.js.gz is not built any more"},
		{"broken", func(t *testing.T, _, static string) { write(t, static, "index.html.gz", "no gzip") }, "inflate"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			build, static := packed(t)
			test.change(t, build, static)
			err := compare(build, static)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("compare: %v, want %q", err, test.want)
			}
		})
	}
}

func TestPackRefusesAnEmptyBuild(t *testing.T) {
	_, static := packed(t)
	if err := pack(t.TempDir(), static); err == nil {
		t.Error("an empty build was packed")
	}
	if _, err := os.Stat(filepath.Join(static, "index.html.gz")); err != nil {
		t.Error("the packed files are gone:", err)
	}
}

func TestCompressedBytesHaveNoTime(t *testing.T) {
	compressed, err := compress([]byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	if time := compressed[4:8]; !bytes.Equal(time, make([]byte, 4)) {
		t.Errorf("the gzip header has the time %v", time)
	}
}
