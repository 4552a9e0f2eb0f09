package crash

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bundle is all that is kept of an end.
type Bundle struct {
	Report
	// Path is its directory.
	Path string `json:"path"`
	// Files is the texts in it by their names.
	Files map[string]string `json:"files"`
}

// List is the reports below a directory, of one node or, with "", of all; the newest
// first. What cannot be read is left out.
func List(dir, node string) ([]Report, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list crashes: %w", err)
	}
	var all []Report
	for _, entry := range entries {
		if !entry.IsDir() || strings.HasPrefix(entry.Name(), ".") || !strings.HasPrefix(entry.Name(), node) {
			continue
		}
		r, err := readReport(filepath.Join(dir, entry.Name()))
		if err == nil && (node == "" || r.Node == node) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b Report) int {
		return cmp.Or(b.EndedAt.Compare(a.EndedAt), cmp.Compare(b.Name, a.Name))
	})
	return all, nil
}

func readReport(dir string) (Report, error) {
	text, err := readBounded(filepath.Join(dir, reportFile))
	var r Report
	if err == nil {
		err = json.Unmarshal([]byte(text), &r)
	}
	r.Name = filepath.Base(dir)
	return r, err
}

// Read is one bundle below a directory, by its name.
func Read(dir, name string) (Bundle, error) {
	if name == "" || name != filepath.Base(name) || name[0] == '.' {
		return Bundle{}, fmt.Errorf("%q cannot be the name of a crash: %w", name, fs.ErrNotExist)
	}
	path := filepath.Join(dir, name)
	r, err := readReport(path)
	if err != nil {
		return Bundle{}, fmt.Errorf("cannot read crash %s: %w", name, err)
	}
	b := Bundle{Report: r, Path: path, Files: map[string]string{}}
	entries, _ := os.ReadDir(path)
	for _, entry := range entries {
		file := entry.Name()
		if !entry.Type().IsRegular() || file == coreFile || strings.HasPrefix(file, reportFile) {
			continue
		}
		if text, err := readBounded(filepath.Join(path, file)); err == nil {
			b.Files[file] = text
		}
	}
	return b, nil
}

func readBounded(name string) (string, error) {
	f, _, err := openRegular(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 4*mostText))
	return strings.ToValidUTF8(string(text), "?"), err
}
