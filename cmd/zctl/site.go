package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"zctl/layoutgen"
	"zctl/supervisor"
	"zctl/supervisor/generation"
)

// siteDirs is the directories with the site scripts of the Zeek nodes, the first
// first; none if there are no such nodes.
func siteDirs(config *layoutgen.Config) []string {
	for _, node := range config.Layout().Processes() {
		if node.Process.Engine == layoutgen.EngineZeek {
			return config.Zeek.Site
		}
	}
	return nil
}

// readSite is the site scripts as they are now.
func readSite(config *layoutgen.Config) (generation.Tree, error) {
	dirs := siteDirs(config)
	if err := besides(dirs, config.BaseDir); err != nil {
		return nil, err
	}
	tree, err := generation.ReadTree(dirs...)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return tree, nil
}

// stageSite keeps the site scripts as they are now where the nodes will find them, and
// returns their digest.
func stageSite(config *layoutgen.Config) (string, error) {
	dirs := siteDirs(config)
	if len(dirs) == 0 {
		return "", nil
	}
	if err := besides(dirs, config.BaseDir); err != nil {
		return "", err
	}
	base := supervisor.Dirs(config.BaseDir)
	if err := base.Make(); err != nil {
		return "", &exitError{exitUsage, err}
	}
	site, err := generation.At(base.Generations()).StageSite(dirs...)
	if err != nil {
		return "", &exitError{exitUsage, err} // and nothing is changed
	}
	return site, nil
}

// stageChecked is stageSite for scripts that have been checked.
func stageChecked(config *layoutgen.Config, digest string) error {
	staged, err := stageSite(config)
	if err == nil && staged != digest {
		err = usagef("cannot deploy: site scripts have changed since they were checked; run zctl deploy again")
	}
	return err
}

// besides refuses site directories that have the base directory in them: each deploy
// would stage what the one before has staged.
func besides(sites []string, base string) error {
	for _, site := range sites {
		path, err := filepath.Rel(real(site), real(base))
		if err == nil && path != ".." && !strings.HasPrefix(path, "../") {
			return usagef("cannot stage site scripts: base_dir %s lies in the site directory %s; move one of them", base, site)
		}
	}
	return nil
}

// real is a path without links, as far as it is there.
func real(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return path
}

// siteWarnings is which site directories somebody asked for that are not there.
func siteWarnings(config *layoutgen.Config) []string {
	var all []string
	for _, dir := range siteDirs(config) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && config.Has("zeek.site") {
			all = append(all, fmt.Sprintf("warning: site directory %s does not exist", dir))
		}
	}
	return all
}
