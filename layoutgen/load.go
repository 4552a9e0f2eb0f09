package layoutgen

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"

	"zctl/layoutgen/lazyregexp"
)

//go:embed default.toml
var defaultTOML string

// DefaultTOML is the text of the embedded default configuration.
func DefaultTOML() string { return defaultTOML }

// Default is the embedded default configuration: a manager, a logger, a proxy
// and two workers on loopback, all run by zctl's own cluster runtime.
func Default() *Config {
	c, err := Parse("", nil)
	if err != nil {
		panic("embedded default.toml: " + err.Error()) // a test reads it
	}
	return c
}

// maxFileSize bounds a configuration or layout file, in bytes: 10,000 nodes
// take 1.2 MB.
const maxFileSize = 16 << 20

// Load reads and checks a configuration file. The error is a [Problems] that
// lists everything wrong with the file, or says why it cannot be read. The
// configuration is returned beside a Problems too, with the default in place of
// each value that could not be used, so that a caller can go on looking for
// more.
func Load(file string) (*Config, error) {
	doc, err := readFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read configuration: %w", err)
	}
	return Parse(file, doc)
}

// Parse is [Load] for a document that is already in memory; file is its name
// in messages, and its directory is what relative paths count from.
func Parse(file string, doc []byte) (*Config, error) {
	src := &source{file: file, at: keyPositions(string(doc))}
	tables, err := decodeTOML(file, string(doc))
	if err != nil {
		return nil, err
	}
	defaults, err := decodeTOML("default.toml", defaultTOML)
	if err != nil {
		return nil, err
	}
	c := &Config{File: file, Text: string(doc), source: src}
	fill(c, &source{file: "default.toml"}, defaults)
	if hosts, reserved := tables["host"]; reserved {
		src.problemf(hostPath(hosts), "[[host]] is reserved for clusters over several hosts, which this version does not run; remove it")
		delete(tables, "host")
	}
	overrides := tables["node"]
	delete(tables, "node")
	fill(c, src, tables)
	if tables["base_dir"] == "" {
		src.problemf("base_dir", noBaseDir)
	}
	c.engines()
	c.counts(src)
	c.shortages(tables)
	c.resolvePaths()
	c.check(src)
	c.override(src, overrides)
	c.checkStores(src)
	c.checkWebSocket(src)
	buildLayout(c, src)
	if len(src.problems) == 0 {
		return c, nil
	}
	src.problems.Sort()
	return c, src.problems
}

const noBaseDir = `base_dir is ""; give a directory, or remove it for the default`

// ParseBaseDir finds base_dir in a configuration that may be wrong everywhere
// else, so that somebody who is editing it can still look at what runs. The
// result is "" where the file does not say. It is an error only if base_dir is
// empty, or if the file cannot be read as TOML and seems to say something about
// base_dir.
func ParseBaseDir(file string, doc []byte) (string, error) {
	tables, err := decodeTOML(file, string(doc))
	src := &source{file: file, at: keyPositions(string(doc))}
	c := &Config{File: file}
	c.BaseDir, _ = tables["base_dir"].(string)
	if tables["base_dir"] == "" {
		src.problemf("base_dir", noBaseDir)
		return "", src.problems
	}
	if err != nil {
		if c.BaseDir, err = baseDirLine(string(doc), err); err != nil {
			return "", err
		}
	}
	c.resolvePaths()
	return c.BaseDir, nil
}

var (
	baseDirKey   = lazyregexp.New(`(?m)^\s*base_dir\b.*$`)
	baseDirValue = lazyregexp.New(`^\s*base_dir\s*=\s*(?:"([^"\\]*)"|'([^']*)')\s*(?:#.*)?$`)
)

// baseDirLine finds base_dir in a document that is not TOML, for the reason
// given.
func baseDirLine(doc string, reason error) (string, error) {
	lines := baseDirKey().FindAllString(doc, -1)
	if len(lines) == 0 {
		return "", nil
	}
	value := baseDirValue().FindStringSubmatch(strings.TrimRight(lines[0], "\r"))
	if len(lines) > 1 || value == nil || value[1]+value[2] == "" {
		return "", reason
	}
	return value[1] + value[2], nil
}

// Layout is the layout the configuration describes.
func (c *Config) Layout() *Layout {
	s := &source{}
	if c.source != nil {
		s.at = c.source.at
	}
	return buildLayout(c, s)
}

// Encrypts says whether the bus is to be encrypted.
func (c *Config) Encrypts() bool {
	return c.Broker.Curve == CurveOn || c.Broker.Curve == CurveAuto && c.Layout().SeveralAddresses()
}

// Problem is something wrong with the value at path ("workers[0].cpus") that
// only the host can tell, for a caller that knows the host.
func (c *Config) Problem(path, format string, args ...any) Problem {
	return c.ProblemAt(path, "%s: "+format, append([]any{display(path)}, args...)...)
}

// ProblemAt is [Config.Problem] with a message that names the value itself.
func (c *Config) ProblemAt(path, format string, args ...any) Problem {
	s := source{}
	if c.source != nil {
		s = source{file: c.source.file, at: c.source.at}
	}
	s.problemf(path, format, args...)
	return s.problems[0]
}

// Has says whether the file itself says something at path, be it right or not.
func (c *Config) Has(path string) bool { return c.source != nil && c.source.has(path) }

func fill(c *Config, src *source, tables map[string]any) {
	top := reflect.ValueOf(c).Elem()
	d := &decoder{source: src, elsewhere: sectionsOf(top)}
	d.table("", tables, top)
}

// shortages makes "error" of on_shortage in the sections that ask for CPUs
// without saying what to do when there are not enough: who asks wants to know.
func (c *Config) shortages(tables map[string]any) {
	strict(tables["broker"], &c.Broker.Treatment)
	strict(tables["archiver"], &c.Archiver.Treatment)
	strict(tables["manager"], &c.Manager.Treatment)
	strict(tables["loggers"], &c.Loggers.Treatment)
	strict(tables["proxies"], &c.Proxies.Treatment)
	sections := tableList(tables["workers"])
	for i := range min(len(sections), len(c.Workers)) {
		strict(sections[i], &c.Workers[i].Treatment)
	}
}

// strict is that for one section.
func strict(in any, t *Treatment) {
	section, _ := in.(map[string]any)
	_, asks := section["cpus"]
	_, says := section["on_shortage"]
	if asks && !says {
		t.OnShortage = ShortageError
	}
}

// engines gives cluster.engine to the sections that say nothing of what they run.
func (c *Config) engines() {
	for _, p := range c.processes() {
		if !c.Has(p.path+".engine") && p.Command == "" && c.Cluster.Engine == EngineZeek {
			p.Engine = c.Cluster.Engine
		}
	}
}

// resolvePaths makes the paths in the configuration independent of the working
// directory.
func (c *Config) resolvePaths() {
	c.resolve(&c.BaseDir)
	c.resolve(&c.Cluster.DefaultStoreDir)
	for name, store := range c.Store {
		c.resolve(&store.Path)
		c.Store[name] = store
	}
	if !c.Has("zeek.site") && c.File != "" {
		c.Zeek.Site = []string{"site"}
	}
	for i := range c.Zeek.Site {
		c.resolve(&c.Zeek.Site[i])
	}
	c.resolveWebSocket()
	programs := []*string{&c.Zeek.Path}
	for _, p := range c.processes() {
		programs = append(programs, &p.Command)
	}
	if p := c.Logs.PostProcess; len(p) > 0 {
		programs = append(programs, &p[0])
	}
	for _, p := range programs {
		if strings.Contains(*p, "/") {
			c.resolve(p)
		}
	}
}

// processes is the process settings of all sections.
func (c *Config) processes() []processOf {
	all := []processOf{{"manager", &c.Manager.Process}, {"loggers", &c.Loggers.Process}, {"proxies", &c.Proxies.Process}}
	for i := range c.Workers {
		all = append(all, processOf{workersPath(c.source, i), &c.Workers[i].Process})
	}
	return all
}

// processOf is the process settings of the section at a path.
type processOf struct {
	path string
	*Process
}

// decodeTOML is the document as the library decodes it. A syntax error is a
// Problems of one.
func decodeTOML(file, doc string) (map[string]any, error) {
	tables := map[string]any{}
	_, err := toml.Decode(doc, &tables)
	var syntax toml.ParseError
	switch {
	case errors.As(err, &syntax):
		return nil, Problems{syntaxProblem(file, doc, syntax)}
	case err != nil:
		return nil, Problems{{File: file, Message: err.Error()}}
	}
	return tables, nil
}

// syntaxProblem is a syntax error at the place its offset says, which is right
// at line ends too, where the library's line is one too many.
func syntaxProblem(file, doc string, err toml.ParseError) Problem {
	before := doc[:min(max(err.Position.Start, 0), len(doc))]
	return Problem{
		File:    file,
		Line:    strings.Count(before, "\n") + 1,
		Col:     len(before) - strings.LastIndexByte(before, '\n'),
		Message: err.Message,
	}
}

// tableList is a TOML value as a list of tables, nil if it is nothing like it.
func tableList(v any) []map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return []map[string]any{v}
	case []map[string]any:
		return v
	case []any: // an array written inline
		var tables []map[string]any
		for _, element := range v {
			table, ok := element.(map[string]any)
			if !ok {
				return nil
			}
			tables = append(tables, table)
		}
		return tables
	}
	return nil
}

func hostPath(v any) string {
	if _, single := v.(map[string]any); single {
		return "host"
	}
	return "host[0]"
}

// readFile reads a whole file of at most maxFileSize bytes.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	if info.Size() > maxFileSize {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", name, info.Size(), maxFileSize)
	}
	return os.ReadFile(name)
}
