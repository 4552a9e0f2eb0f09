package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// configPath is the configuration file to use, "" for the embedded default.
func configPath(c *cli.Context) (string, error) {
	if path := common(c, "config"); path != "" {
		return path, nil
	}
	if path := os.Getenv("ZCTL_CONFIG"); path != "" {
		return path, nil
	}
	for _, path := range []string{"zctl.toml", "/etc/zctl/zctl.toml"} {
		_, err := os.Stat(path)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", usagef("cannot read configuration: %w", err)
		}
	}
	return "", nil
}

// withConfig is the action of a verb that takes no arguments and needs the
// configuration.
func withConfig(do func(*cli.Context, *layoutgen.Config) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := noArgs(c); err != nil {
			return err
		}
		config, err := loadConfig(c)
		if err != nil {
			return err
		}
		return do(c, config)
	}
}

// loadConfig reads the configuration, with its base directory filled in. What
// is wrong with the file itself and what is wrong with it on this host are
// reported together.
func loadConfig(c *cli.Context) (*layoutgen.Config, error) {
	path, err := configPath(c)
	if err != nil {
		return nil, err
	}
	config, err := readConfig(path)
	var problems layoutgen.Problems
	if err != nil && !errors.As(err, &problems) {
		return nil, &exitError{exitUsage, err}
	}
	if config != nil {
		hereOnly(c, config)
		problems = append(problems, unusableBy(c, config)...)
	}
	if len(problems) > 0 {
		problems.Sort()
		return nil, &exitError{exitUsage, problems}
	}
	config.BaseDir, err = baseDir(c, config.BaseDir)
	return config, err
}

func readConfig(path string) (*layoutgen.Config, error) {
	if path == "" {
		return layoutgen.Default(), nil
	}
	return layoutgen.Load(path)
}

// loadDirs finds the base directory without minding what else may be wrong with
// the configuration, so that somebody who is editing it can still look at what
// runs.
func loadDirs(c *cli.Context) (supervisor.Dirs, error) {
	configured := ""
	if common(c, "base-dir") == "" {
		path, err := configPath(c)
		if err != nil {
			return "", err
		}
		if path != "" {
			doc, err := os.ReadFile(path)
			if err != nil {
				return "", usagef("cannot read configuration: %w", err)
			}
			if configured, err = layoutgen.ParseBaseDir(path, doc); err != nil {
				return "", usagef("%w\ncannot tell where base_dir is; mend the file or say --base-dir", err)
			}
		}
	}
	dir, err := baseDir(c, configured)
	return supervisor.Dirs(dir), err
}

// baseDir is the base directory: said, configured, or the default.
func baseDir(c *cli.Context, configured string) (string, error) {
	dir := configured
	if said := common(c, "base-dir"); said != "" {
		dir = said
	}
	if dir == "" {
		var err error
		if dir, err = defaultBaseDir(); err != nil {
			return "", err
		}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", usagef("cannot use base_dir %s: %w", dir, err)
	}
	return abs, nil
}

// systemBaseDir is root's base directory. A test's is another one.
var systemBaseDir = "/var/lib/zctl"

func defaultBaseDir() (string, error) {
	if os.Geteuid() == 0 {
		return systemBaseDir, nil
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "zctl"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &exitError{exitUsage, fmt.Errorf("cannot find a place for base_dir: %w; set it in zctl.toml or say --base-dir", err)}
	}
	return filepath.Join(home, ".local/state/zctl"), nil
}
