package supervisor

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zctl/supervisor/generation"
)

// How a deployment lies in its generation: what every node finds in its work
// directory is in autoDir, the configuration that it was made of in configName, and
// all else in manifestName.
const (
	manifestName = "manifest.json"
	configName   = "zctl.toml"
	autoDir      = "auto/"
)

// PlainFiles is the files of a deployment that people can read, by their paths in the
// generation.
func (d Deployment) PlainFiles() generation.Files {
	files := generation.Files{}
	for name, text := range d.Files {
		files[autoDir+name] = text
	}
	if d.Config != "" {
		files[configName] = d.Config
	}
	return files
}

// generationFiles is a deployment as the content of a generation: the same for the
// same deployment, wherever it comes from.
func (d Deployment) generationFiles() (generation.Files, error) {
	files := d.PlainFiles()
	d.Files, d.Config, d.Generation = nil, "", ""
	manifest, err := json.MarshalIndent(d, "", " ") // maps are written in the order of their keys
	files[manifestName] = string(manifest) + "\n"
	return files, err
}

// OpenGeneration reads what was deployed as the generation of that digest.
func OpenGeneration(dirs Dirs, digest string) (Deployment, error) {
	files, err := generation.At(dirs.Generations()).Open(digest)
	if err != nil {
		return Deployment{}, err
	}
	d := Deployment{}
	err = json.Unmarshal([]byte(files[manifestName]), &d)
	d.Config, d.Generation, d.Files = files[configName], digest, map[string]string{}
	for name, text := range files {
		if name, ok := strings.CutPrefix(name, autoDir); ok {
			d.Files[name] = text
		}
	}
	if err == nil {
		err = d.Check(dirs)
	}
	if err != nil {
		return Deployment{}, fmt.Errorf("cannot use generation %s: %w", digest, err)
	}
	return d, nil
}

// keep makes a deployment a generation, on the disk to the last byte, and returns its
// digest. Nothing that runs is changed.
func (s *Supervisor) keep(d Deployment) (string, error) {
	for _, site := range d.Sites() {
		if _, err := s.generations.Site(site); err != nil {
			return "", &InvalidError{[]error{err}}
		}
	}
	files, err := d.generationFiles()
	if err != nil {
		return "", err
	}
	if d.Generation != "" && s.isGeneration(d.Generation, files) {
		return d.Generation, nil
	}
	return s.generations.Stage(files)
}

// isGeneration says whether files are what that generation means. Another version of
// zctl may have written it with other words.
func (s *Supervisor) isGeneration(digest string, files generation.Files) bool {
	d, err := OpenGeneration(s.Dirs, digest)
	if err != nil {
		return false
	}
	now, err := d.generationFiles()
	return err == nil && maps.Equal(now, files)
}

// Sites is the digests of all site scripts that the nodes run with.
func (d Deployment) Sites() []string {
	var all []string
	for _, s := range d.Nodes {
		if s.Site != "" && !slices.Contains(all, s.Site) {
			all = append(all, s.Site)
		}
	}
	return all
}

// recoverGeneration brings in line what a predecessor who was killed has left. What
// should run is what state.json says; if that is lost, what was current is all that
// is known of the deployment as a whole.
func (s *Supervisor) recoverGeneration(lost bool) {
	current, err := s.generations.Current()
	switch digest := s.deployment.Generation; {
	case err != nil:
	case lost && current != "":
		var d Deployment
		if d, err = OpenGeneration(s.Dirs, current); err == nil {
			d.Nodes = nil // those that run are found by themselves
			s.deployment = d
		}
	case digest != "" && digest != current:
		if _, err = s.generations.Open(digest); err == nil {
			err = s.generations.Switch(digest)
		}
	}
	err = errors.Join(err, s.endInterrupted(), s.generations.Sweep())
	if err != nil {
		s.event("%v", err)
	}
}

// prune removes the generations that are older than those to keep, and that no node
// runs. Only who holds ops calls it: between keep and the end of a deploy nobody else
// may.
func (s *Supervisor) prune() {
	err := s.pruneTo(cmp.Or(s.deployment.KeepGenerations, DefaultKeepGenerations))
	if err != nil {
		s.event("%v", err)
	}
}

func (s *Supervisor) pruneTo(most int) error {
	kept, err := s.newest(most)
	if err != nil {
		return err
	}
	var sites []string
	for _, n := range s.all() {
		snap := n.snapshot.Load()
		kept = append(kept, snap.generation, snap.target.generation)
		sites = append(sites, snap.spec.Site)
	}
	slices.Sort(kept)
	for _, digest := range slices.Compact(kept) {
		if d, err := OpenGeneration(s.Dirs, digest); err == nil {
			sites = append(sites, d.Sites()...)
		}
	}
	return s.generations.Prune(kept, sites)
}

// newest is the generations that were deployed last, and behind them those of which
// history does not tell.
func (s *Supervisor) newest(most int) ([]string, error) {
	there, err := s.generations.List()
	if err != nil {
		return nil, err
	}
	history, err := s.generations.History()
	if err != nil {
		return nil, err
	}
	recent := generation.Recent(history)
	rank := func(digest string) int {
		if at := slices.Index(recent, digest); at >= 0 {
			return at
		}
		return len(recent)
	}
	slices.SortFunc(there, func(a, b generation.Info) int {
		return cmp.Or(cmp.Compare(rank(a.Digest), rank(b.Digest)), b.Staged.Compare(a.Staged))
	})
	var newest []string
	for _, g := range there[:min(most, len(there))] {
		newest = append(newest, g.Digest)
	}
	return newest, nil
}
