package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"zctl/layoutgen"
	"zctl/nodes/zmq/curve"
	"zctl/supervisor"
)

// busKeys is the keys of the bus that a configuration describes: those in our own
// environment, or else in curve/ in base_dir; none if the bus is not encrypted.
// Where there are none yet, new ones are made. With save they are written, else
// they are good for a plan only.
func busKeys(config *layoutgen.Config, save bool) (curve.Keys, error) {
	if !config.Encrypts() {
		return curve.Keys{}, nil
	}
	keys, err := curve.FromEnv(os.Getenv)
	if err == nil && keys.IsZero() {
		keys, err = storedKeys(supervisor.Dirs(config.BaseDir), save)
	}
	if err == nil {
		err = errors.Join(keys.ToConnect(), keys.ToListen())
	}
	if err != nil {
		return curve.Keys{}, &exitError{exitUsage, fmt.Errorf("cannot encrypt the bus: %w", err)}
	}
	return keys, nil
}

func storedKeys(dirs supervisor.Dirs, save bool) (curve.Keys, error) {
	keys, err := curve.ReadDir(dirs.Curve())
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if keys, err = curve.Generate(); err != nil || !save {
		return keys, err
	}
	if err := dirs.Make(); err != nil {
		return keys, err
	}
	_, err = keys.WriteDir(dirs.Curve(), false)
	if errors.Is(err, fs.ErrExist) { // somebody else was quicker
		return curve.ReadDir(dirs.Curve())
	}
	return keys, err
}

// withKeys is the environment of a node with the keys it needs, in the variables
// that Zeek reads. Secrets may stand there: state.json, the socket and the
// environment of a process are for their owner alone, and no verb prints what is in
// a spec's Env. A key that the configuration gives a node itself stays.
func withKeys(spec supervisor.Spec, keys curve.Keys) map[string]string {
	if keys.IsZero() || spec.Type == layoutgen.TypeArchiver {
		return spec.Env
	}
	if spec.Type == layoutgen.TypeWorker || spec.Type == layoutgen.TypeProxy { // they only connect
		keys.ServerSecret = curve.SecretKey{}
	}
	env := map[string]string{}
	for _, entry := range keys.Env() {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	maps.Copy(env, spec.Env)
	return env
}

// deployedKeys is the keys that the deployed cluster really uses; nil if it uses
// none, or if they are not for us to know.
func deployedKeys(dirs supervisor.Dirs) (*curve.Keys, error) {
	nodes, err := supervisor.SavedNodes(dirs)
	if errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(nodes) == 0 {
		return nil, nil
	}
	// Any node's will do on a host without the manager.
	reader := max(0, slices.IndexFunc(nodes, func(n supervisor.Have) bool { return n.Spec.Type == layoutgen.TypeManager }))
	return keysIn(func(name string) string { return nodes[reader].Spec.Env[name] })
}

// keysIn is the keys that variables have; nil if they have none.
func keysIn(getenv func(string) string) (*curve.Keys, error) {
	keys, err := curve.FromEnv(getenv)
	if err != nil || keys.IsZero() {
		return nil, err
	}
	return &keys, nil
}
