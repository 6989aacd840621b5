package cache

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestPack(t *testing.T) {
	packer := newPacker()
	for _, name := range fixtures {
		checkPack(t, packer, fixture(t, name))
	}
	random := rand.NewChaCha8([32]byte{})
	for size := range 300 {
		body := make([]byte, size*size)
		_, _ = random.Read(body) // never fails
		checkPack(t, packer, body)
	}
}

func checkPack(t *testing.T, packer *packer, body []byte) {
	t.Helper()
	err := packer.unpack(packer.pack(body), func(unpacked []byte) error {
		if !bytes.Equal(body, unpacked) {
			t.Errorf("got %q, want %q", unpacked, body)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestHugeAnswerLeavesNoBuffer(t *testing.T) {
	packer := newPacker()
	body := make([]byte, 4*maxKeptBuffer)
	for i := range body {
		body[i] = byte(i * i >> 7)
	}
	checkPack(t, packer, body)
	if kept := packer.buffer.Cap(); kept > maxKeptBuffer {
		t.Errorf("a buffer of %d bytes is kept", kept)
	}
	checkPack(t, packer, []byte("small"))
}

func TestPackMakesSmall(t *testing.T) {
	packer := newPacker()
	for _, name := range fixtures {
		body := fixture(t, name)
		packed := packer.pack(body)
		t.Logf("%s: %d bytes packed to %d", name, len(body), len(packed))
		if len(packed) > len(body)/3 {
			t.Errorf("%s: %d bytes packed to %d", name, len(body), len(packed))
		}
	}
}
