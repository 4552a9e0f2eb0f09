package logtext

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"zctl/nodes/logwire"
)

// reference is what a Formatter should append: the same rules, written the slow
// way on decoded values, for Zeek's default options with TSV or JSON.
func reference(b batch, asJSON bool) (string, error) {
	r := logwire.NewReader(b.records, b.n)
	var text strings.Builder
	for range b.n {
		var cells []string
		for _, field := range b.Fields {
			cell, set, err := referenceCell(r, asJSON)
			switch {
			case err != nil:
				return "", err
			case asJSON && set:
				cells = append(cells, referenceQuoted([]byte(field.Name))+":"+cell)
			case !asJSON:
				cells = append(cells, cell)
			}
		}
		text.WriteString(referenceLine(cells, asJSON))
	}
	return text.String(), r.End()
}

func referenceLine(cells []string, asJSON bool) string {
	if asJSON {
		return "{" + strings.Join(cells, ",") + "}\n"
	}
	line := strings.Join(cells, "\t") + "\n"
	if line[0] == '#' {
		line = `\x23` + line[1:]
	}
	return line
}

// referenceCell reads a field, with all elements if it is a set or vector.
func referenceCell(r *logwire.Reader, asJSON bool) (cell string, set bool, err error) {
	v := r.Next()
	if r.Err() != nil {
		return "", false, r.Err()
	}
	if isContainer(v) == 0 {
		return referenceValue(v, asJSON, aTab), v.Set, nil
	}
	var elements []string
	for range v.Count {
		e := r.Next()
		if r.Err() != nil {
			return "", false, r.Err()
		}
		if isContainer(e) == 1 {
			return "", false, fmt.Errorf("nested")
		}
		elements = append(elements, referenceValue(e, asJSON, tabOrComma))
	}
	switch cell := strings.Join(elements, ","); {
	case asJSON:
		return "[" + cell + "]", true, nil
	case v.Count == 0:
		return "(empty)", true, nil
	default:
		return cell, true, nil
	}
}

func referenceValue(v logwire.Value, asJSON bool, separators *regexp.Regexp) string {
	if !v.Set {
		return map[bool]string{true: "null", false: "-"}[asJSON]
	}
	switch v.Type {
	case logwire.TypeBool:
		if asJSON {
			return strconv.FormatBool(v.Int != 0)
		}
		return map[bool]string{true: "T", false: "F"}[v.Int != 0]
	case logwire.TypeInt:
		return fmt.Sprint(v.Int)
	case logwire.TypeCount, logwire.TypePort:
		return fmt.Sprint(v.Count)
	case logwire.TypeTime, logwire.TypeInterval, logwire.TypeDouble:
		return referenceReal(v.Type, v.Double, asJSON)
	}
	text := v.Bytes
	switch v.Type {
	case logwire.TypeAddr:
		text = []byte(referenceAddr(v.Addr))
	case logwire.TypeSubnet:
		text = fmt.Appendf(nil, "%s/%d", referenceAddr(v.Addr), v.Bits)
	}
	if asJSON {
		return referenceQuoted(text)
	}
	return referenceText(text, separators)
}

func referenceAddr(a netip.Addr) string {
	if b := a.As16(); a.Is6() && [12]byte(b[:]) == [12]byte{} && (b[12] > 0 || b[13] > 0) {
		return "::" + netip.AddrFrom4([4]byte(b[12:])).String()
	}
	return a.String()
}

func referenceReal(t logwire.Type, f float64, asJSON bool) string {
	switch {
	case asJSON && (math.IsNaN(f) || math.IsInf(f, 0)):
		return "null"
	case asJSON && f == 0:
		return map[bool]string{true: "-0.0", false: "0.0"}[math.Signbit(f)]
	case asJSON && f < 0:
		return "-" + string(appendRealSlowly(nil, -f))
	case asJSON:
		return string(appendRealSlowly(nil, f))
	case math.IsNaN(f) || math.IsInf(f, 0):
		return strings.ToLower(strings.TrimPrefix(fmt.Sprint(f), "+"))
	case t == logwire.TypeInterval && math.Abs(f) >= 2147483647:
		return strconv.FormatFloat(f, 'e', -1, 64)
	case t != logwire.TypeDouble:
		return fmt.Sprintf("%.6f", f)
	}
	digits := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.6f", f), "0"), ".")
	if !strings.Contains(digits, ".") && math.Abs(f-math.RoundToEven(f)) < 1e-9 {
		digits += ".0"
	}
	return digits
}

var (
	unwanted     = regexp.MustCompile(`[\x{80}-\x{9f}\x{e000}-\x{f8ff}\x{fff0}-\x{ffff}]`)
	aTab         = regexp.MustCompile(`\t`)
	tabOrComma   = regexp.MustCompile(`[\t,]`)
	unprintable  = regexp.MustCompile(`[\x00-\x1f\x7f]`)
	escapedBytes = func(s string) string { return strings.ReplaceAll(fmt.Sprintf(`% x`, s), " ", "") }
)

// escapeUTF8 replaces all that is not ASCII, if it has to.
func escapeUTF8(s, prefix string) string {
	if utf8.ValidString(s) && !unwanted.MatchString(s) {
		return s
	}
	var out strings.Builder
	for i := range len(s) {
		if s[i] < 0x80 {
			out.WriteByte(s[i])
		} else {
			fmt.Fprintf(&out, "%s%02x", prefix, s[i])
		}
	}
	return out.String()
}

func referenceText(text []byte, separators *regexp.Regexp) string {
	hex := func(s string) string { return `\x` + escapedBytes(s) }
	switch s := string(text); s {
	case "":
		return "(empty)"
	case "-", "(empty)":
		return hex(s[:1]) + s[1:]
	default:
		var parts []string
		for part := range strings.SplitSeq(s, `\`) {
			var cells []string
			for _, cell := range separators.Split(part, -1) {
				cells = append(cells, unprintable.ReplaceAllStringFunc(escapeUTF8(cell, `\x`), hex))
			}
			parts = append(parts, joinEscaped(cells, separators.FindAllString(part, -1)))
		}
		return strings.Join(parts, `\\`)
	}
}

// joinEscaped puts the separators between cells again, escaped.
func joinEscaped(cells, separators []string) string {
	var out strings.Builder
	for i, cell := range cells {
		out.WriteString(cell)
		if i < len(separators) {
			out.WriteString(`\x` + escapedBytes(separators[i]))
		}
	}
	return out.String()
}

// referenceQuoted has the escapes of encoding/json, but for those that only it
// uses.
func referenceQuoted(text []byte) string {
	s := escapeUTF8(string(text), `\x`)
	var out strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r < ' ' && strings.ContainsRune("\b\t\n\f\r", r):
			quoted, _ := json.Marshal(string(r))
			out.Write(quoted[1 : len(quoted)-1])
		case r < ' ':
			fmt.Fprintf(&out, `\u%04X`, r)
		default:
			out.WriteRune(r)
		}
	}
	return `"` + out.String() + `"`
}
