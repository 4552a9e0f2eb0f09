package layoutgen

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestZeroMQOptions: each key of [zeromq] is an option of its own name.
func TestZeroMQOptions(t *testing.T) {
	t.Parallel()
	var z ZeroMQ
	fields := keys(reflect.ValueOf(&z).Elem())
	options := z.options()
	if len(options) != len(fields) {
		t.Errorf("%d options, %d keys", len(options), len(fields))
	}
	for _, o := range options {
		field := fields[o.name]
		if !field.IsValid() {
			t.Errorf("no key %s", o.name)
			continue
		}
		field.FieldByName("Set").SetBool(true)
		if o.value.literal() == "" {
			t.Errorf("%s is of another key", o.name)
		}
		field.FieldByName("Set").SetBool(false)
	}
}

// TestOptionsOf: an option concerns those whose sockets it is of, and no others
// (spec: wire 1.2).
func TestOptionsOf(t *testing.T) {
	t.Parallel()
	const all = "broker manager logger-1 proxy-1 worker-1 worker-2"
	const nodes = "manager logger-1 proxy-1 worker-1 worker-2"
	own, zeek := "[broker]\nprocess = 'own'\n", "[manager]\nengine = 'zeek'\n[workers]\ncommand = 'x'\n"
	tests := []struct{ rest, option, want string }{
		{own, "linger_ms = 1", all},
		{own, "xpub_sndhwm = 1", nodes},
		{own, "hello_expiration = '1s'", nodes},
		{own, "log_sndhwm = 1", "manager proxy-1 worker-1 worker-2"},
		{own, "log_immediate = true", "manager proxy-1 worker-1 worker-2"},
		{own, "log_rcvbuf = 1", "logger-1"},
		{"[loggers]\ncount = 0", "log_rcvhwm = 1", "manager"},
		{"[loggers]\ncount = 0", "log_sndhwm = 1", "proxy-1 worker-1 worker-2"},
		{own, "listen_xpub_nodrop = false", "broker"},
		{"", "listen_xpub_nodrop = false", "manager"},
		{"", "proxy_io_threads = 1", ""},
		{zeek, "proxy_io_threads = 1", "manager"},
		{own + zeek, "proxy_io_threads = 1", ""},
		{zeek, "poll_max_messages = 1", "manager worker-1 worker-2"},
	}
	for _, test := range tests {
		c, err := Parse("", []byte(test.rest+"\n[zeromq]\n"+test.option))
		if err != nil {
			t.Fatal(err)
		}
		l := c.Layout()
		var got []string
		for _, n := range l.Processes() {
			if len(l.OptionsOf(n)) > 0 {
				got = append(got, n.Name)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s with %q concerns %v, want %s", test.option, test.rest, got, test.want)
		}
	}
	c, err := Parse("", []byte("[zeromq]\nxpub_sndhwm = 7\nhello_expiration = '90s'\nconnect_xpub_nodrop = true"))
	if err != nil {
		t.Fatal(err)
	}
	l := c.Layout()
	if got, want := l.OptionsOf(l.Nodes[3]), []string{"xpub_sndhwm 7", "connect_xpub_nodrop T", "hello_expiration 90sec"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseHeartbeat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "0s", "0s": "0s", "0": "0s", "100ms": "100ms", "5s": "5s", "1h": "1h0m0s",
		"5": "", "-5s": "", "99ms": "", "61m": "", "soon": "",
	} {
		got, err := ParseHeartbeat(text)
		switch {
		case want == "":
			if err == nil || !strings.HasPrefix(err.Error(), `cannot use ZCTL_HEARTBEAT="`+text+`": give `) {
				t.Errorf("%q: %v", text, err)
			}
		case err != nil || got.String() != want:
			t.Errorf("%q: %v, %v; want %s", text, got, err, want)
		}
	}
}
