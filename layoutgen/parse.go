package layoutgen

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ReadLayout reads a cluster-layout.zeek: zctl's own, or one that Zeek's
// generator or zeekctl wrote. The error names the file, the line and what was
// expected there.
func ReadLayout(file string) (*Layout, error) {
	text, err := readFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read layout: %w", err)
	}
	l, err := ParseLayout(string(text))
	if err != nil {
		return nil, fmt.Errorf("cannot use layout: %s:%w", file, err)
	}
	return l, nil
}

// ParseLayout is [ReadLayout] for text in memory. It understands the
// statements that make a layout (redefs of Cluster::nodes, Cluster::hosts,
// Cluster::manager_is_logger and Telemetry::metrics_address) and passes over
// all other script code. Errors begin with the number of the line.
func ParseLayout(text string) (*Layout, error) {
	p := &parser{scanner: scanner{text: text, line: 1}, hosts: map[string]netip.Addr{}}
	// Cluster::manager_is_logger is T unless a script says otherwise.
	l := &Layout{ManagerIsLogger: true, Backend: DefaultBackend}
	found := false
	for p.next(); p.tok.kind != end; {
		if !p.accept("redef") {
			p.next()
			continue
		}
		var err error
		switch name := p.tok.text; name {
		case "Cluster::nodes":
			found = true
			err = p.nodes(l)
		case "Cluster::hosts":
			err = p.hostTable()
		case "Cluster::manager_is_logger":
			l.ManagerIsLogger, err = p.boolean()
		case "Telemetry::metrics_address":
			l.MetricsAddress, err = p.assignedString()
			l.MetricsAddress = strings.Trim(l.MetricsAddress, "[]")
		}
		if err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, fmt.Errorf("1: no redef of Cluster::nodes in it")
	}
	return l, nil
}

// ReadBackend reads the cluster-backend.zeek beside a layout. Only a file that
// is not there means Zeek's defaults; a link that leads nowhere is there.
func ReadBackend(layoutFile string) (Backend, error) {
	file := filepath.Join(filepath.Dir(layoutFile), BackendFile)
	if _, err := os.Lstat(file); isNotExist(err) {
		return DefaultBackend, nil
	}
	text, err := readFile(file)
	if err != nil {
		return Backend{}, fmt.Errorf("cannot read endpoints of the broker: %w", err)
	}
	b, err := ParseBackend(string(text))
	if err != nil {
		return Backend{}, fmt.Errorf("cannot use endpoints of the broker: %s:%w", file, err)
	}
	return b, nil
}

// ParseBackend finds redefs of the four endpoints of
// Cluster::Backend::ZeroMQ in a script; those it does not find are Zeek's
// defaults, but one there must be. Errors begin with the number of the line.
//
// Of other options it reads those in [BackendOptions], and passes over the rest.
func ParseBackend(text string) (Backend, error) {
	b := DefaultBackend
	found := false
	p := &parser{scanner: scanner{text: text, line: 1}}
	readers := b.Options.readers()
	for p.next(); p.tok.kind != end; {
		if !p.accept("redef") {
			p.next()
			continue
		}
		if read := readers[p.tok.text]; read != nil && p.tok.kind == word {
			if err := read(p); err != nil {
				return Backend{}, err
			}
			continue
		}
		name, isOption := strings.CutPrefix(p.tok.text, "Cluster::Backend::ZeroMQ::")
		if !isOption {
			continue
		}
		for _, o := range b.options() {
			if o.name != name {
				continue
			}
			value, err := p.assignedString()
			if err != nil {
				return Backend{}, err
			}
			*o.value = value
			found = true
		}
	}
	if !found {
		return Backend{}, errors.New("1: no redef of an endpoint of Cluster::Backend::ZeroMQ in it")
	}
	return b, nil
}

// parser reads the few statements of Zeek's language that a layout is made of.
type parser struct {
	scanner
	tok   token
	hosts map[string]netip.Addr // Cluster::hosts, of layouts for several hosts
}

func (p *parser) next() { p.tok = p.scan() }

// accept steps over a word or punctuation mark if it comes next.
func (p *parser) accept(text string) bool {
	if p.tok.kind == word && p.tok.text == text {
		p.next()
		return true
	}
	return false
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("%d: %s", p.tok.line, fmt.Sprintf(format, args...))
}

func (p *parser) expect(marks ...string) error {
	for _, mark := range marks {
		if !p.accept(mark) {
			return p.errorf("expected %s, not %s", mark, p.tok)
		}
	}
	return nil
}

func (p *parser) stringLiteral(what string) (string, error) {
	if p.tok.kind != quoted {
		return "", p.errorf("expected %s in quotes, not %s", what, p.tok)
	}
	text := p.tok.text
	p.next()
	return text, nil
}

// assignedString reads the rest of: redef NAME = "…";
func (p *parser) assignedString() (string, error) {
	p.next()
	if err := p.expect("="); err != nil {
		return "", err
	}
	return p.stringLiteral("a value")
}

// boolean reads the rest of: redef NAME = T;
func (p *parser) boolean() (bool, error) {
	p.next()
	if err := p.expect("="); err != nil {
		return false, err
	}
	if p.tok.text != "T" && p.tok.text != "F" {
		return false, p.errorf("expected T or F, not %s", p.tok)
	}
	return p.tok.text == "T", nil
}

// table reads the rest of: redef NAME += { ["key"] = [ … ], … } and calls
// record behind the opening bracket of each entry. It says whether the table
// replaces (=) what came before or adds to it (+=).
func (p *parser) table(record func(key string) error) (replaces bool, err error) {
	p.next()
	replaces = !p.accept("+")
	if err := p.expect("=", "{"); err != nil {
		return false, err
	}
	for !p.accept("}") {
		if err := p.expect("["); err != nil {
			return false, err
		}
		key, err := p.stringLiteral("a name")
		if err != nil {
			return false, err
		}
		if err := p.expect("]", "=", "["); err != nil {
			return false, err
		}
		if err := record(key); err != nil {
			return false, err
		}
		if err := p.expect("]"); err != nil {
			return false, err
		}
		if !p.accept(",") && p.tok.text != "}" {
			return false, p.errorf("expected , or }, not %s", p.tok)
		}
	}
	return replaces, nil
}

// nodes reads a redef of Cluster::nodes.
func (p *parser) nodes(l *Layout) error {
	var nodes []Node
	seen := map[string]bool{}
	for _, n := range l.Nodes {
		seen[n.Name] = true
	}
	replaces, err := p.table(func(name string) error {
		if seen[name] {
			return p.errorf("node %q is there twice", name)
		}
		seen[name] = true
		n, err := p.node(name)
		if n.Type != typeTimeMachine {
			nodes = append(nodes, n)
		}
		return err
	})
	if replaces {
		l.Nodes = nil
	}
	l.Nodes = append(l.Nodes, nodes...)
	return err
}

// node reads the fields of one record of type Cluster::Node. Those that older
// versions had, like $interface, $workers and $time_machine, are passed over (spec:
// cluster-framework 7).
func (p *parser) node(name string) (Node, error) {
	n := Node{Name: name}
	err := p.fields(func(field string) error {
		var err error
		switch field {
		case "$node_type":
			n.Type, err = p.nodeType()
		case "$ip":
			n.Address, err = p.address()
		case "$p":
			n.Port, err = p.port()
		case "$metrics_port":
			n.MetricsPort, err = p.port()
		case "$manager":
			n.Manager, err = p.stringLiteral("the name of a manager")
		default:
			p.skipValue()
		}
		return err
	})
	switch {
	case err != nil:
		return n, err
	case name == "":
		return n, p.errorf("a node without a name")
	case n.Type == "":
		return n, p.errorf("node %q has no $node_type", name)
	case n.Type == typeTimeMachine:
		return n, nil
	case !n.Address.IsValid():
		return n, p.errorf("node %q has no $ip", name)
	}
	return n, nil
}

// hostTable reads a redef of Cluster::hosts, which Zeek 9 writes for clusters
// over several hosts.
func (p *parser) hostTable() error {
	_, err := p.table(func(host string) error {
		return p.fields(func(field string) error {
			if field != "$ip" {
				p.skipValue()
				return nil
			}
			a, err := p.address()
			p.hosts[host] = a
			return err
		})
	})
	return err
}

// fields reads $a=…, $b=… up to the closing bracket of the record and calls
// value behind each equals sign.
func (p *parser) fields(value func(field string) error) error {
	for p.tok.text != "]" {
		field := p.tok.text
		if !strings.HasPrefix(field, "$") {
			return p.errorf("expected a field, like $ip, not %s", p.tok)
		}
		p.next()
		if err := p.expect("="); err != nil {
			return err
		}
		if err := value(field); err != nil {
			return err
		}
		if !p.accept(",") && p.tok.text != "]" {
			return p.errorf("expected , or ] behind the value of %s, not %s", field, p.tok)
		}
	}
	return nil
}

// typeTimeMachine is Cluster::TIME_MACHINE, which was a store of packets until Zeek
// 7.1. A layout may have one, but it is no node to us.
const typeTimeMachine NodeType = "time_machine"

var nodeTypes = []NodeType{TypeNone, TypeControl, TypeLogger, TypeManager, TypeProxy, TypeWorker, typeTimeMachine}

func (p *parser) nodeType() (NodeType, error) {
	t := NodeType(strings.ToLower(strings.TrimPrefix(p.tok.text, "Cluster::")))
	if !slices.Contains(nodeTypes, t) {
		return "", p.errorf("expected a value of Cluster::NodeType, like Cluster::WORKER, not %s", p.tok)
	}
	p.next()
	return t, nil
}

// address reads 10.0.0.1, [::1] or hosts["name"]$ip.
func (p *parser) address() (netip.Addr, error) {
	if p.accept("hosts") || p.accept("Cluster::hosts") {
		return p.hostAddress()
	}
	bracket := p.accept("[")
	a, err := netip.ParseAddr(p.tok.text)
	if err != nil || a.Zone() != "" {
		return a, p.errorf("expected an IP address, like 127.0.0.1 or [::1], not %s", p.tok)
	}
	p.next()
	if bracket {
		return a, p.expect("]")
	}
	return a, nil
}

func (p *parser) hostAddress() (netip.Addr, error) {
	if err := p.expect("["); err != nil {
		return netip.Addr{}, err
	}
	host, err := p.stringLiteral("the name of a host")
	if err != nil {
		return netip.Addr{}, err
	}
	a, known := p.hosts[host]
	if !known {
		return a, p.errorf("no address for host %q in Cluster::hosts", host)
	}
	return a, p.expect("]", "$ip")
}

// port reads 27760/tcp; 0/unknown is 0.
func (p *parser) port() (int, error) {
	number, _, hasProto := strings.Cut(p.tok.text, "/")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || !hasProto {
		return 0, p.errorf("expected a port, like 27760/tcp, not %s", p.tok)
	}
	p.next()
	return int(n), nil
}

// skipValue steps over the value of a field that does not matter here.
func (p *parser) skipValue() {
	for depth := 0; p.tok.kind != end; p.next() {
		if p.tok.kind == quoted {
			continue
		}
		switch p.tok.text {
		case "[", "(", "{":
			depth++
		case ")", "}":
			depth--
		case "]":
			if depth == 0 {
				return
			}
			depth--
		case ",":
			if depth == 0 {
				return
			}
		}
	}
}
