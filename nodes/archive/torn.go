package archive

import (
	"bytes"
	"os"
)

// cutTorn cuts off what follows the last line of a log whose writer was killed,
// so that the log can be read line by line, and says how many bytes that were.
func cutTorn(path string) (int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	end, err := lastLineEnd(f, info.Size())
	if err != nil || end == info.Size() {
		return 0, err
	}
	// Truncating changes the time at which the log was last written to, which
	// is needed again if we are killed before it is renamed.
	if err := f.Truncate(end); err != nil {
		return 0, err
	}
	return info.Size() - end, os.Chtimes(path, info.ModTime(), info.ModTime())
}

// lastLineEnd is the offset behind the last newline, 0 if there is none.
func lastLineEnd(f *os.File, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for end := size; end > 0; {
		start := max(0, end-int64(len(buf)))
		block := buf[:end-start]
		if _, err := f.ReadAt(block, start); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(block, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}
