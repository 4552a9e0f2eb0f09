package supervisor

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zctl/supervisor/process"
)

// stateVersion is the version of the format of state.json.
const stateVersion = 1

// savedState is state.json: what the next supervisor must know.
type savedState struct {
	Version    int         `json:"version"`
	SavedAt    time.Time   `json:"saved_at"`
	Deployment Deployment  `json:"deployment"` // without its nodes
	Nodes      []savedNode `json:"nodes"`
	// Rolling is a roll-out that has not come to its end, and Older, by generation,
	// what it has not reached yet was deployed with.
	Rolling *Rolling          `json:"rolling,omitempty"`
	Older   map[string]common `json:"older,omitempty"`
}

// common is what all nodes of a deployment have in common.
type common struct {
	Generation  string            `json:"generation,omitempty"`
	Files       map[string]string `json:"files"`
	GiveUpAfter int               `json:"give_up_after"`
}

// note notes with what a node was deployed, if that is not the present deployment.
func (s *savedState) note(n *savedNode, t target) {
	if t.generation == s.Deployment.Generation {
		return
	}
	n.Generation = cmp.Or(t.generation, "unknown")
	if s.Older == nil {
		s.Older = map[string]common{}
	}
	s.Older[n.Generation] = common{t.generation, t.files, t.giveUpAfter}
}

// target is what a node should be.
func (s *savedState) target(n savedNode) target {
	t := targetOf(n.Spec)
	t.files, t.giveUpAfter, t.generation = s.Deployment.Files, s.Deployment.GiveUpAfter, s.Deployment.Generation
	t.up, t.removed = n.Up, n.Removed
	if older, ok := s.Older[n.Generation]; ok {
		t.files, t.giveUpAfter, t.generation = older.Files, older.GiveUpAfter, older.Generation
	}
	return t
}

// savedNode is what state.json says of one node.
type savedNode struct {
	Spec Spec `json:"spec"`
	// Up says that the node is wanted: nobody stopped it.
	Up bool `json:"up"`
	// Removed says that a deploy wants the node gone.
	Removed bool `json:"removed,omitempty"`
	// Generation is what it should be, "" if that is the present one.
	Generation string    `json:"generation,omitempty"`
	Restarts   int       `json:"restarts"`
	LastExit   *ExitInfo `json:"last_exit"`
	// Exits is how its processes ended, as in the status.
	Exits map[string]uint64 `json:"exits,omitempty"`
	// Failed is why the node is left alone until somebody starts it; nil if it is
	// not.
	Failed  *savedFailure `json:"failed,omitempty"`
	Process *savedProcess `json:"process"` // nil while there is none
	// Remains is a process that has ended, but not all that it had started.
	Remains *process.Identity `json:"remains,omitempty"`
}

// savedProcess is what recognises a process, and what its predecessor knew of it.
type savedProcess struct {
	process.Identity
	Digest    string    `json:"digest"` // of the spec it was started with
	StartedAt time.Time `json:"started_at"`
	Ready     bool      `json:"ready"`
	// ReadyIn is how long it took to be, 0 if nobody knows.
	ReadyIn time.Duration `json:"ready_in,omitempty"`
	Peers   *Peers        `json:"peers"`
	Text    string        `json:"text"` // its STATUS
	// OutputAt is where its output begins in stdout.log and stderr.log; nil if nobody
	// knows.
	OutputAt *[2]int64 `json:"output_at,omitempty"`
	// Generation is what it runs, "" if nobody knows.
	Generation string `json:"generation,omitempty"`
}

// savedFailure is why a node has failed. It says nothing of one that would be
// started with another spec by now.
type savedFailure struct {
	Cause  string `json:"cause"`
	Digest string `json:"digest"` // of the spec that failed
}

// loadState reads state.json. Without one it is empty. A file that cannot be
// understood is moved aside and reported as an error beside an empty state:
// what runs is then found by looking for it.
func loadState(dirs Dirs) (savedState, error) {
	text, err := os.ReadFile(dirs.State())
	if errors.Is(err, os.ErrNotExist) {
		return savedState{}, nil
	}
	var s savedState
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err == nil && s.Version != stateVersion {
		err = fmt.Errorf("its version is %d, not %d", s.Version, stateVersion)
	}
	if err == nil {
		err = s.check(dirs)
	}
	if err == nil {
		return s, nil
	}
	aside := fmt.Sprintf("%s.corrupt-%d", dirs.State(), time.Now().Unix())
	err = fmt.Errorf("cannot use %s: %w; moved it to %s", dirs.State(), err, filepath.Base(aside))
	return savedState{}, errors.Join(err, os.Rename(dirs.State(), aside))
}

// check reports nodes that could never have been deployed.
func (s savedState) check(dirs Dirs) error {
	if len(s.Nodes) == 0 {
		return nil
	}
	d := s.Deployment
	for _, n := range s.Nodes {
		d.Nodes = append(d.Nodes, n.Spec)
	}
	return d.Check(dirs)
}

// save writes state.json so that it is whole, old or new, whatever happens; with
// durable the new one survives a power cut.
func (s savedState) save(dirs Dirs, durable bool) error {
	text, err := json.MarshalIndent(s, "", " ")
	if err == nil {
		err = writeFileAtomic(dirs.State(), append(text, '\n'), 0o600, durable)
	}
	if err != nil {
		return fmt.Errorf("cannot save state: %w", err)
	}
	return nil
}

// writeFileAtomic replaces a file by a rename, so that nobody ever sees half of
// it. With durable it survives a power cut, too.
func writeFileAtomic(name string, text []byte, mode os.FileMode, durable bool) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".tmp-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(text); err != nil {
		return err
	}
	if err = f.Chmod(mode); err != nil {
		return err
	}
	if durable {
		if err = f.Sync(); err != nil {
			return err
		}
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), name); err != nil || !durable {
		return err
	}
	return syncDir(filepath.Dir(name))
}

func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// SavedNodes is what the last supervisor left behind, for when none runs: every
// node that it was told to run, and whether its process is still there. Like a
// new supervisor it looks for processes, too, so that a state.json which is lost
// or cannot be understood hides none.
func SavedNodes(dirs Dirs) ([]Have, error) {
	text, err := os.ReadFile(dirs.State())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot read state of the last supervisor: %w", err)
	}
	var state savedState
	if err := json.Unmarshal(text, &state); err != nil {
		state = savedState{}
	}
	strays, err := findStrays(dirs)
	if err != nil {
		return nil, err
	}
	state.addUnknown(strays)
	var nodes []Have
	for _, n := range state.Nodes {
		have := Have{Spec: n.Spec}
		switch {
		case n.Process != nil && n.Process.Alive():
			have.Up, have.Digest, have.Generation = true, n.Process.Digest, n.Process.Generation
		case n.Up:
			for _, stray := range ofNode(dirs, n.Spec.Name, strays) {
				spec, _ := specIn(stray)
				have.Up, have.Digest = true, spec.Digest()
				break
			}
		}
		nodes = append(nodes, have)
	}
	return nodes, nil
}
