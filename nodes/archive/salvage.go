package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// salvage reads what can be read of a gzip log whose writer was killed, and
// returns it uncompressed in a temporary file beside it; nil if the log is whole.
func salvage(path string) (*temp, error) {
	if whole, err := unzip(io.Discard, path); whole || err != nil {
		return nil, err
	}
	tmp, err := createTemp(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if _, err := unzip(tmp, path); err != nil {
		tmp.discard()
		return nil, err
	}
	if err := tmp.Sync(); err != nil {
		tmp.discard()
		return nil, err
	}
	return tmp, nil
}

// unzip writes the text of a gzip log to w, as far as there is any, and says
// whether that is all. Errors are those of reading and writing files.
func unzip(w io.Writer, path string) (whole bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	r, err := Gzip.reader(f)
	if err == nil {
		_, err = io.Copy(w, r)
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		return false, err
	}
	return err == nil, nil
}
