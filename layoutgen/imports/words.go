package imports

import (
	"errors"
	"strings"
)

// words splits a command line as a shell does: at blanks, with quotes and \ that
// protect. dollar says that something in it is replaced by a shell, like $PATH or a
// command in ` `; it stays as it is.
func words(text string) (all []string, dollar bool, err error) {
	var word strings.Builder
	started := false
	var quote rune
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		c := runes[i]
		switch {
		case quote == '\'' && c != '\'':
			word.WriteRune(c)
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, started = c, true
		case c == '\\' && i+1 < len(runes) && (quote == 0 || strings.ContainsRune("\\\"$`", runes[i+1])):
			i++
			word.WriteRune(runes[i])
			started = true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if started {
				all = append(all, word.String())
			}
			word.Reset()
			started = false
		default:
			dollar = dollar || c == '$' || c == '`'
			word.WriteRune(c)
			started = true
		}
	}
	if started {
		all = append(all, word.String())
	}
	if quote != 0 {
		return all, dollar, errors.New("a quote is not closed")
	}
	return all, dollar, nil
}

// unquote is one word, whose blanks protect themselves.
func unquote(text string) (word string, dollar bool, err error) {
	protected := strings.NewReplacer(" ", `\ `, "\t", "\\\t", "\n", "\\\n")
	var b strings.Builder
	for i, part := range splitQuoted(text) {
		if i%2 == 0 {
			part = protected.Replace(part)
		}
		b.WriteString(part)
	}
	all, dollar, err := words(b.String())
	return strings.Join(all, ""), dollar, err
}

// splitQuoted is a text in turns of what is outside and what is in quotes, with them.
func splitQuoted(text string) []string {
	var parts []string
	start := 0
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote == 0 && (c == '\'' || c == '"'):
			parts = append(parts, text[start:i])
			quote, start = c, i
		case quote != 0 && c == quote:
			parts = append(parts, text[start:i+1])
			quote, start = 0, i+1
		}
	}
	return append(parts, text[start:])
}
