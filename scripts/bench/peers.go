package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeServices makes a directory as runit and s6 like it: one directory for each
// child, with the child itself as the program "run", so that no shell is between.
func (s site) writeServices(count int, more func(dir string) error) error {
	var errs []error
	for i := range count {
		dir := filepath.Join(s.services(), fmt.Sprintf("child-%d", i+1))
		errs = append(errs, os.MkdirAll(dir, 0o755), os.Symlink(s.child, filepath.Join(dir, "run")))
		if more != nil {
			errs = append(errs, more(dir))
		}
	}
	return errors.Join(errs...)
}

func (s site) services() string { return s.path("services") }

// runit is runsvdir with a runsv for each child.
type runit struct{}

func (runit) name() string    { return "runit" }
func (runit) missing() string { return absent("runsvdir", "runsv") }

func (runit) prepare(s site, count int) error { return s.writeServices(count, nil) }

func (runit) start(_ context.Context, s site) (int, error) {
	return s.background(s.env(), "runsvdir", "-P", s.services())
}

// s6 is s6-svscan with an s6-supervise for each child. It pauses for a second
// before it starts a child again, unless that child had said that it was ready.
type s6 struct{ ready bool }

func (c s6) name() string {
	if c.ready {
		return "s6, child says ready"
	}
	return "s6 (pauses 1 s)"
}

func (s6) missing() string { return absent("s6-svscan", "s6-supervise") }

// readyFD is where the child says that it is ready.
const readyFD = "3"

func (c s6) prepare(s site, count int) error {
	return s.writeServices(count, func(dir string) error {
		if !c.ready {
			return nil
		}
		return os.WriteFile(filepath.Join(dir, "notification-fd"), []byte(readyFD+"\n"), 0o644)
	})
}

func (c s6) start(_ context.Context, s site) (int, error) {
	env := s.env()
	if c.ready {
		env = append(env, readyFDEnv+"="+readyFD)
	}
	return s.background(env, "s6-svscan", s.services())
}

// supervisord is one process for all children. It looks at them once a second.
type supervisord struct{}

func (supervisord) name() string    { return "supervisord" }
func (supervisord) missing() string { return absent("supervisord") }

func (supervisord) prepare(s site, count int) error {
	var config strings.Builder
	fmt.Fprintf(&config, "[supervisord]\nnodaemon=true\nlogfile=%s\npidfile=%s\nchildlogdir=%s\n",
		s.path("supervisord.log"), s.path("supervisord.pid"), s.dir)
	for i := range count {
		fmt.Fprintf(&config, "[program:child-%d]\ncommand=%s\nautorestart=true\nstartsecs=0\nstartretries=1000\n", i+1, s.child)
		fmt.Fprint(&config, "stdout_logfile=NONE\nstderr_logfile=NONE\n")
	}
	return os.WriteFile(s.path(supervisordConf), []byte(config.String()), 0o644)
}

const supervisordConf = "supervisord.conf"

func (supervisord) start(_ context.Context, s site) (int, error) {
	return s.background(s.env(), "supervisord", "-c", s.path(supervisordConf))
}
