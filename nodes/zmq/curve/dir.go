package curve

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxKeyFile bounds what is read of a key file: a key, and blank space around it.
const maxKeyFile = 256

// ReadDir reads the keys from the files server_publickey, server_secretkey, client_publickey and client_secretkey of a
// directory, each one line of Z85, as ZeekControl writes them. A file that is not there is a missing key; if there is none
// of them, the error is fs.ErrNotExist.
func ReadDir(dir string) (Keys, error) {
	var k Keys
	for _, s := range slots {
		text, err := readKey(filepath.Join(dir, s.file), s.secret)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = s.set(&k, text)
		}
		if err != nil {
			return Keys{}, fmt.Errorf("cannot use %s: %w", filepath.Join(dir, s.file), err)
		}
	}
	if k.IsZero() {
		return Keys{}, fmt.Errorf("cannot read keys from %s: there are none (%w); zctl keys generate makes them", dir, fs.ErrNotExist)
	}
	if err := k.check(); err != nil {
		return Keys{}, fmt.Errorf("%w (in %s)", err, dir)
	}
	return k, nil
}

func readKey(path string, secret bool) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if secret && info.Mode().Perm()&0o007 != 0 {
		return "", errors.New("everybody may use this secret key; chmod o= it, or make new keys if somebody may have")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	return strings.TrimSpace(string(text)), err
}

// WriteDir writes the keys to the files that ReadDir reads, only for their owner to read, and makes the directory if need
// be, likewise. It returns the paths. Unless replace is set it writes nothing where one of the files is there already.
func (k Keys) WriteDir(dir string, replace bool) (paths []string, err error) {
	for _, s := range slots {
		path := filepath.Join(dir, s.file)
		paths = append(paths, path)
		if _, err := os.Lstat(path); err == nil && !replace {
			return nil, fmt.Errorf("cannot write keys: %w: %s", fs.ErrExist, path)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot write keys: %w", err)
	}
	for i, s := range slots {
		if err := writeKey(paths[i], s.text(k)); err != nil {
			return nil, fmt.Errorf("cannot write keys: %w", err)
		}
	}
	return paths, nil
}

// writeKey replaces the file as a whole, so that no reader finds half a key.
func writeKey(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)) // 0600 by itself
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails when it has been renamed
	_, err = f.WriteString(text + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
