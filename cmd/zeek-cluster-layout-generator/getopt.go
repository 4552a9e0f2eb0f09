package main

import (
	"fmt"
	"slices"
	"strings"
)

// flagReader walks a command line as glibc's getopt does: values may be glued
// to their flag, flags without value may be bundled, arguments that are no flags
// are passed over wherever they stand (or end the flags, if posix), and "--"
// ends the flags.
type flagReader struct {
	args    []string
	posix   bool
	bundled string // what is left of an argument like -hW2
}

// next is the next flag and its value, or flag 0 at the end. spec lists the
// known flags, each with a colon behind it if it takes a value. Messages are
// those of Zeek's tool, for which a flag without its value is unknown too.
func (r *flagReader) next(spec string) (flag byte, value string, err error) {
	if r.bundled == "" && !r.nextArg() {
		return 0, "", nil
	}
	flag, r.bundled = r.bundled[0], r.bundled[1:]
	i := strings.IndexByte(spec, flag)
	if i < 0 || flag == ':' {
		return 0, "", unrecognized(flag)
	}
	if !strings.HasPrefix(spec[i+1:], ":") {
		return flag, "", nil
	}
	if r.bundled != "" {
		value, r.bundled = r.bundled, ""
		return flag, value, nil
	}
	if len(r.args) == 0 {
		return 0, "", unrecognized(flag)
	}
	value, r.args = r.args[0], r.args[1:]
	return flag, value, nil
}

// nextArg loads the flags of the next argument that has any.
func (r *flagReader) nextArg() bool {
	i := slices.IndexFunc(r.args, func(arg string) bool { return len(arg) > 1 && arg[0] == '-' })
	if i < 0 || r.args[i] == "--" || r.posix && i > 0 {
		return false
	}
	r.bundled = r.args[i][1:]
	r.args = r.args[i+1:]
	return true
}

func unrecognized(flag byte) error { return fmt.Errorf("unrecognized flag %c", flag) }
