package supervisor

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/crash"
)

// Diagnosis is what zctl diag prints: how a node is, and how it crashed.
type Diagnosis struct {
	// Node is null if no supervisor runs, or has such a node.
	Node *NodeStatus `json:"node"`
	// Argv is what the node runs, or would run; Env and Files, by their names, the
	// environment of its process and what is in its work directory. The values of
	// secrets are left out.
	Argv  []string          `json:"argv"`
	Env   []string          `json:"env"`
	Files map[string]string `json:"files"`
	// System is the operating system.
	System string `json:"system"`
	// Crashes are those that are kept, the newest first; of all nodes if none was
	// named.
	Crashes []crash.Report `json:"crashes"`
	// Crash is the last one of the node or the one that was asked for; null if there
	// is none.
	Crash *crash.Bundle `json:"crash"`
}

// outputLines is how much of the output of a node a diagnosis has, in lines.
const outputLines = 20

// Diagnose is what can be said about a node without its supervisor. With node "" it
// only lists crashes; crashName is one of them, "" the last one of the node.
func Diagnose(dirs Dirs, node, crashName string) (Diagnosis, error) {
	d := Diagnosis{System: system(), Argv: []string{}, Env: []string{}, Files: map[string]string{}}
	all, err := crash.List(dirs.Crashes(), node)
	if err != nil {
		return d, err
	}
	d.Crashes = slices.Clip(append([]crash.Report{}, all...))
	if crashName == "" && node != "" && len(all) > 0 {
		crashName = all[0].Name
	}
	if crashName != "" {
		b, err := crash.Read(dirs.Crashes(), crashName)
		if errors.Is(err, fs.ErrNotExist) {
			return d, &UnknownCrashError{crashName, all}
		}
		if err != nil {
			return d, err
		}
		d.Crash = &b
	}
	if node != "" && validName(node) {
		d.read(dirs, node)
	}
	return d, nil
}

// UnknownCrashError is the error for the name of a crash that is not kept.
type UnknownCrashError struct {
	Name  string
	Known []crash.Report
}

func (e *UnknownCrashError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("no crash %q: none are kept", e.Name)
	}
	var names []string
	for _, r := range e.Known {
		names = append(names, r.Name)
	}
	return fmt.Sprintf("no crash %q (have %s)", e.Name, strings.Join(names, ", "))
}

// read reads the files of a node.
func (d *Diagnosis) read(dirs Dirs, node string) {
	dir := dirs.Node(node)
	files := append([]crash.Excerpt{
		{File: filepath.Base(dirs.Stderr(node)), Lines: outputLines}, {File: filepath.Base(dirs.Stdout(node)), Lines: outputLines},
		{File: StatusFile, Lines: 1},
	}, crash.Excerpts...)
	for _, f := range files {
		if text := crash.Tail(filepath.Join(dir, f.File), f.Lines, nil); text != "" {
			d.Files[f.File] = text
		}
	}
}

// written is how long a diagnosis waits for an end that was just seen to be written
// down.
const written = time.Second

// Diagnose is what can be said about a node. It waits for no node, and takes no lock.
func (s *Supervisor) Diagnose(node, crashName string) (Diagnosis, error) {
	s.shared.crashes.Settle(written)
	d, err := Diagnose(s.Dirs, node, crashName)
	if err != nil || node == "" {
		return d, err
	}
	n := s.find(node)
	if n == nil {
		if len(d.Crashes) > 0 { // it was a node once
			return d, nil
		}
		_, err := s.selected([]string{node})
		if err == nil {
			err = &UnknownNodeError{node, s.names()}
		}
		return d, err
	}
	status, err := s.Status([]string{node})
	if err != nil {
		return d, err
	}
	d.Node = &status.Nodes[0]
	d.Argv = n.snapshot.Load().spec.Argv
	if d.Node.PID != 0 {
		d.Env = environmentOf(d.Node.PID)
	}
	return d, nil
}

func (s *Supervisor) names() []string {
	var all []string
	for _, n := range s.all() {
		all = append(all, n.name)
	}
	return all
}

// environmentOf is the environment of a process without its secrets.
func environmentOf(pid int) []string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return []string{}
	}
	var env []string
	for entry := range bytes.SplitSeq(bytes.TrimRight(text, "\x00"), []byte{0}) {
		env = append(env, string(entry))
	}
	return strings.Split(strings.TrimSuffix(crash.PublicEnv(env), "\n"), "\n")
}

// system is what uname -srm says.
func system() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return fmt.Sprintf("%s %s %s", unix.ByteSliceToString(u.Sysname[:]), unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Machine[:]))
}
