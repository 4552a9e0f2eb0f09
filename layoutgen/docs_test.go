package layoutgen

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestDocs: docs/config.md has a row for every key, with the default that the
// key really has, and its examples are good configurations.
func TestDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{} // key -> the rows about it
	for line := range strings.Lines(string(text)) {
		if key, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |"); ok {
			rows[key] += line
		}
	}
	for section, field := range keys(reflect.ValueOf(Default()).Elem()) {
		if field.Kind() == reflect.Slice {
			field = field.Index(0)
		}
		if field.Kind() != reflect.Struct {
			if rows[section] == "" {
				t.Errorf("no row for %s", section)
			}
			continue
		}
		for key, value := range keys(field) {
			if key == "on_shortage" || value.IsZero() && key != "give_up_after" && key != "nice" && key != "heartbeat" {
				if rows[key] == "" {
					t.Errorf("no row for %s.%s", section, key)
				}
				continue
			}
			if want := tomlText(value); !strings.Contains(rows[key], "`"+want+"`") {
				t.Errorf("the rows for %s.%s do not say %s: %q", section, key, want, rows[key])
			}
		}
	}
	for key := range keys(reflect.ValueOf(&Store{}).Elem()) {
		if rows[key] == "" {
			t.Errorf("no row for store.NAME.%s", key)
		}
	}
	examples := strings.Split(string(text), "```toml\n")[1:]
	if len(examples) < 5 {
		t.Errorf("%d examples", len(examples))
	}
	for _, example := range examples {
		doc, _, _ := strings.Cut(example, "```")
		if _, err := Parse("example.toml", []byte(doc)); err != nil {
			t.Errorf("%v in\n%s", err, doc)
		}
	}
}

// tomlText is a default as the file would have it.
func tomlText(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case string:
		return strconv.Quote(x)
	case time.Duration:
		text := x.String() // "1h0m0s"
		for _, zero := range []string{"0s", "0m"} {
			if rest := strings.TrimSuffix(text, zero); rest != "" && !strings.ContainsAny(rest[len(rest)-1:], "0123456789") {
				text = rest
			}
		}
		return strconv.Quote(text)
	case Size:
		return strconv.Quote(x.String())
	case []string:
		return fmt.Sprintf("%q", x)
	default:
		return fmt.Sprint(x)
	}
}
