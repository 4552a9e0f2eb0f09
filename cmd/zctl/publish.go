package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"zctl/nodes/event"
	"zctl/nodes/tap"
)

var publishCommand = &cli.Command{
	Name:      "publish",
	Usage:     "publish an event on the bus",
	ArgsUsage: "TOPIC EVENT [ARG…]",
	Description: `Publishes one event to all who subscribe a beginning of TOPIC, once everybody who
had subscribed before is known, and ends when the broker has taken it. It says on
stderr which of the subscribed topics match: how many processes subscribed each
the bus does not tell. If none does the event reaches nobody, and the exit code
is 1.

An ARG is a literal as in Zeek's scripts, and must be of just the type that the
event declares:
  42  -1  1.5          count, int (with a sign) and double
  T  '"text"'          bool and string, in quotes that the shell leaves
  10.0.0.1  10.0.0.0/8  443/tcp      addr, subnet and port
  1.5sec  2024-01-02T03:04:05Z       interval and time
  Notice::ACTION_LOG  none           enum, and a field that is not set
  '{1, 2}'  '[1, "a"]'  '{"a" = 1}'  set; vector or record; table

--typed takes all of them at once as zctl tap --json prints them: then what is
published is the same to the bit.
` + busHelp + `
Examples:
  zctl publish zeek.cluster.worker My::event 42 '"text"' 10.0.0.1
  zctl publish zeek.cluster.node.worker-1. My::hosts '{10.0.0.1, 10.0.0.2}'
  zctl publish my.topic My::event --typed '[{"@data-type":"count","data":42}]'
  zctl tap my.topic --json --count 1 | jq .args` + exitCodesHelp,
	Flags: append([]cli.Flag{
		&cli.StringFlag{Name: "typed", Usage: "the arguments as `JSON`: a vector, or a list of values, in the form of broker-json-v1"},
		&cli.StringFlag{Name: "metadata", Usage: "the metadata of the event as `JSON` in that form: a vector of vectors of id and value"},
		&cli.StringFlag{Name: "sender", Usage: "say that the node with this `ID` sent it, which will not hear it; otherwise an id that is nobody's"},
		&cli.StringFlag{Name: "format", Value: event.FormatBin, Usage: "`NAME` of the serialization that the cluster uses: broker-bin-v1 or broker-json-v1"},
	}, busFlags()...),
	Action: publish,
}

func publish(c *cli.Context) error {
	if c.NArg() < 2 {
		return usagef("zctl publish takes a topic, the name of an event, and its arguments; see zctl publish --help")
	}
	topic := c.Args().First()
	payload, err := payloadOf(c)
	if err != nil {
		return err
	}
	v, _, err := visit(c)
	if err != nil {
		return err
	}
	matching := v.Matching(topic)
	sender := v.ID()
	if c.IsSet("sender") {
		sender = c.String("sender")
	}
	err = v.Publish(topic, sender, c.String("format"), payload)
	if closing := v.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return &exitError{exitUnreachable, err}
	}
	return sayMatching(c, topic, matching)
}

// payloadOf encodes the event that the arguments describe.
func payloadOf(c *cli.Context) ([]byte, error) {
	e := event.Event{Name: c.Args().Get(1)}
	if e.Name == "" {
		return nil, usagef("cannot publish an event without a name; it is like My::event")
	}
	var err error
	switch literals := c.Args().Slice()[2:]; {
	case !c.IsSet("typed"):
		e.Args, err = tap.ParseArgs(literals)
	case len(literals) > 0:
		return nil, usagef("cannot use both --typed and the arguments %s", strings.Join(literals, " "))
	default:
		e.Args, err = tap.ParseTypedArgs(c.String("typed"))
	}
	if err != nil {
		return nil, usagef("%w\nexamples of arguments: 42 -1 1.5 T '\"text\"' 10.0.0.1 443/tcp 1.5sec '{1, 2}' '[1, \"a\"]'; see zctl publish --help", err)
	}
	if c.IsSet("metadata") {
		if e.Metadata, err = tap.ParseTypedMetadata(c.String("metadata")); err != nil {
			return nil, usagef("%w; zctl tap --json prints metadata as it should be", err)
		}
	}
	switch format := c.String("format"); format {
	case event.FormatBin:
		return e.Append(nil), nil
	case event.FormatJSON:
		return e.AppendJSON(nil), nil
	default:
		return nil, usagef("cannot encode in format %q: zctl knows %s and %s", format, event.FormatBin, event.FormatJSON)
	}
}

// sayMatching says where the event went.
func sayMatching(c *cli.Context, topic string, matching []string) error {
	if len(matching) == 0 {
		return &exitError{exitFailed, fmt.Errorf("nobody subscribes a beginning of %s: the event reached nobody; zctl peers shows what is subscribed", plain(topic))}
	}
	fmt.Fprintf(c.App.ErrWriter, "published; %s\n", matchText(matching))
	return nil
}

func matchText(matching []string) string {
	quoted := make([]string, len(matching))
	for i, t := range matching {
		quoted[i] = plain(t)
		if t == "" {
			quoted[i] = "(everything)"
		}
	}
	noun := "topics match"
	if len(matching) == 1 {
		noun = "topic matches"
	}
	return fmt.Sprintf("%d subscribed %s: %s", len(matching), noun, strings.Join(quoted, ", "))
}
