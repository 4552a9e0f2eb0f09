package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

var versionCommand = &cli.Command{
	Name:        "version",
	Usage:       "print the version",
	Description: "Prints the version, the commit it was built from, and the Go version.\n\nExample:\n  zctl version" + exitCodesHelp,
	Action: func(c *cli.Context) error {
		if err := noArgs(c); err != nil {
			return err
		}
		return printVersion(c)
	},
}

func printVersion(c *cli.Context) error {
	_, err := fmt.Fprintf(c.App.Writer, "zctl %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is what the Go toolchain recorded of the source: a module version, or
// the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+changes"
		}
	}
	if revision == "" {
		return "devel"
	}
	return revision + modified
}
