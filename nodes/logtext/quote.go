package logtext

// quoteSpecial marks the bytes that cannot just be copied into a JSON string.
var quoteSpecial = func() (special [256]bool) {
	for c := range 256 {
		special[c] = c < ' ' || c > 0x7f || c == '"' || c == '\\'
	}
	return special
}()

// appendQuoted appends a JSON string.
func appendQuoted(dst, s []byte) []byte {
	for _, c := range s[plainBytes(s, '"'*lows, '"'*lows):] {
		if quoteSpecial[c] {
			return appendQuotedSlowly(append(dst, '"'), s)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// appendQuotedSlowly appends a string and its last quote. If it has
// something that cannot stay as it is, all that is not ASCII becomes text like
// \xff, whose backslash is escaped (spec: cluster-framework 3.7).
func appendQuotedSlowly(dst, s []byte) []byte {
	keep := keepsUTF8(s)
	for _, c := range s {
		switch {
		case !quoteSpecial[c], c > 0x7f && keep:
			dst = append(dst, c)
		case c > 0x7f:
			dst = appendHex(append(dst, '\\'), c)
		default:
			dst = appendControl(dst, c)
		}
	}
	return append(dst, '"')
}

// appendControl appends the escape of a quote, backslash or control character.
func appendControl(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\t':
		return append(dst, `\t`...)
	case '\n':
		return append(dst, `\n`...)
	case '\f':
		return append(dst, `\f`...)
	case '\r':
		return append(dst, `\r`...)
	}
	const digits = "0123456789ABCDEF"
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}
