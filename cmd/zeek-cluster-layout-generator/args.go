package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"zctl/layoutgen"
)

// options is a parsed command line.
type options struct {
	layout layoutgen.Generator
	output string // "-" is stdout
	help   bool
}

// parseArgs reads the arguments. The first error or -h ends it, whatever comes
// behind (spec: generators 1.1).
func parseArgs(argv []string, posix bool) (options, error) {
	opts := options{
		layout: layoutgen.Generator{
			Loggers:        1,
			Proxies:        1,
			Workers:        []layoutgen.WorkerGroup{{Count: 4}},
			Address:        "127.0.0.1",
			Port:           27760,
			MetricsAddress: "0.0.0.0",
			MetricsPort:    9991,
		},
		output: "-",
	}
	flags := flagReader{args: argv[1:], posix: posix}
	for {
		flag, value, err := flags.next("hL:P:W:a:p:m:b:o:M:x:")
		if err != nil || flag == 0 {
			return opts, err
		}
		if flag == 'h' {
			opts.help = true
			return opts, nil
		}
		if err := opts.set(flag, value); err != nil {
			return opts, err
		}
	}
}

func (o *options) set(flag byte, value string) (err error) {
	switch flag {
	case 'L':
		o.layout.Loggers, err = number(flag, value)
	case 'P':
		o.layout.Proxies, err = number(flag, value)
	case 'W':
		o.layout.Workers, err = workers(value)
	case 'p':
		o.layout.Port, err = number(flag, value)
	case 'm':
		o.layout.MetricsPort, err = number(flag, value)
	case 'a':
		o.layout.Address = value
	case 'b':
		o.layout.MetricsAddress = value
	case 'o':
		o.output = value
	case 'x':
		o.layout.Prefix = value
	case 'M':
		if value != "0" && value != "1" {
			return fmt.Errorf("flag -M expects 0 or 1")
		}
		o.layout.NoManager = value == "0"
	}
	return err
}

// namedWorkers is one element of the list that -W takes since Zeek 9
// (spec: generators 1.2).
var namedWorkers = regexp.MustCompile(`^([-_0-9a-z]+):([0-9]+)$`)

// workers reads the value of -W: a number, or name:n[,name:n…], separated by
// commas or single blanks.
func workers(value string) ([]layoutgen.WorkerGroup, error) {
	n, err := number('W', value)
	if err == nil {
		return []layoutgen.WorkerGroup{{Count: n}}, nil
	}
	var groups []layoutgen.WorkerGroup
	for _, element := range strings.Split(strings.ReplaceAll(value, ",", " "), " ") {
		m := namedWorkers.FindStringSubmatch(element)
		if m == nil {
			return nil, err // what Zeek 8.1 says of anything but a number
		}
		count, rangeErr := strconv.ParseInt(m[2], 10, 32)
		if rangeErr != nil {
			return nil, fmt.Errorf("-W invalid: '%s'", value)
		}
		groups = append(groups, layoutgen.WorkerGroup{Name: m[1], Count: int(count)})
	}
	return groups, nil
}

// number converts as Zeek 8.1 does: strtoul in base 10 over the whole string,
// then from unsigned long to int (spec: generators 1.2). So blanks and a sign
// may lead, "" is 0, -1 is -1, and from 2^64 on everything is -1.
func number(flag byte, value string) (int, error) {
	digits := strings.TrimLeft(value, " \t\n\v\f\r")
	negative := strings.HasPrefix(digits, "-")
	if negative || strings.HasPrefix(digits, "+") {
		digits = digits[1:]
	}
	if value == "" {
		return 0, nil
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, fmt.Errorf("invalid numeric value for %c: %s", flag, value)
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case err != nil: // out of range: strtoul clamps, even below zero
		n = 1<<64 - 1
	case negative:
		n = -n
	}
	return int(int32(n)), nil
}
