package nodes

import (
	"fmt"
	"os"
	"time"

	"zctl/layoutgen"
)

// layoutFile is a cluster-layout.zeek that is read again when it has changed. The
// zero path is no file.
type layoutFile struct {
	path    string
	changed time.Time // when the one that was read last was modified
}

func (f *layoutFile) read() (*layoutgen.Layout, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, fmt.Errorf("cannot read layout: %w", err)
	}
	f.changed = info.ModTime()
	return layoutgen.ReadLayout(f.path)
}

// readChanged is nil if the file is the one that was read last, or is not there
// at the moment.
func (f *layoutFile) readChanged() (*layoutgen.Layout, error) {
	info, err := os.Stat(f.path)
	if err != nil || info.ModTime().Equal(f.changed) {
		return nil, nil
	}
	return f.read()
}
