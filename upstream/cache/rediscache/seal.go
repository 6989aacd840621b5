package rediscache

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"

	"ordergraph/upstream/cache/shared"
)

// keyring holds the secrets that all instances derive from one. Without an encryption key it is a known one:
// what is sealed is then no secret, but cannot be mixed up or damaged without notice.
type keyring struct {
	names  cipher.Block
	values []byte
}

func newKeyring(master []byte, password string) (keyring, error) {
	switch len(master) {
	case sha256.Size:
	case 0:
		known := sha256.Sum256([]byte("ordergraph redis, no key" + password))
		master = known[:]
	default:
		return keyring{}, errKey
	}
	names, _ := aes.NewCipher(derive(master, "names 2")) // fails for other sizes only
	return keyring{names: names, values: derive(master, "values 1")}, nil
}

func derive(master []byte, info string) []byte {
	key, _ := hkdf.Key(sha256.New, master, nil, "ordergraph redis "+info, sha256.Size) // fails for longer keys only
	return key
}

// nameOf returns the name of what data identifies, which every instance knows it by, whatever its keys are.
func nameOf(kind string, data []byte) (name shared.Name) {
	copy(name[:], keyedHash([]byte("ordergraph redis"), kind, data))
	return name
}

// hide returns a name as a reader of Redis sees it, and reveal the name that was hidden.
func (k keyring) hide(name shared.Name) (hidden shared.Name) {
	k.names.Encrypt(hidden[:], name[:])
	return hidden
}

func (k keyring) reveal(hidden shared.Name) (name shared.Name) {
	k.names.Decrypt(name[:], hidden[:])
	return name
}

// keyedHash hashes data. No kind is the beginning of another one.
func keyedHash(key []byte, kind string, data []byte) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write([]byte(kind + "\x00"))
	hash.Write(data)
	return hash.Sum(nil)
}

// aead returns the cipher for what is of one kind and one order: with a key for each, no two random nonces will
// meet.
func (k keyring) aead(kind string, name shared.Name) cipher.AEAD {
	block, _ := aes.NewCipher(keyedHash(k.values, kind, name[:])) // neither fails, with a key of this size
	aead, _ := cipher.NewGCMWithRandomNonce(block)
	return aead
}

// seal encrypts data, so that it can be opened only as what it is.
func (k keyring) seal(kind string, name shared.Name, version shared.Version, data []byte) string {
	return string(k.aead(kind, name).Seal(nil, nil, data, []byte(digits(version))))
}

// open decrypts what seal returned, or returns nil.
func (k keyring) open(kind string, name shared.Name, version shared.Version, sealed string) []byte {
	data, err := k.aead(kind, name).Open([]byte{}, nil, []byte(sealed), []byte(digits(version)))
	if err != nil {
		return nil
	}
	return data
}
