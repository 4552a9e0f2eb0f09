package websocket

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var errAnonymous = errors.New("cannot use anonymous cipher suites (aNULL, ADH, AECDH): Go's TLS has none; " +
	"set cert_file and key_file, and ciphers without them")

// suite is a cipher suite of TLS 1.2 that Go has, as OpenSSL calls it, and the words of
// OpenSSL that mean it and others. What Go calls insecure is meant by its own name only.
type suite struct {
	id    uint16
	name  string
	words string
}

// suites is in Go's order of preference, which holds whatever the list says.
func suites() []suite {
	return []suite{
		{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256", "HIGH ALL EECDH ECDHE kEECDH aECDSA ECDSA AES AES128 AESGCM SHA256"},
		{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", "HIGH ALL EECDH ECDHE kEECDH aRSA RSA AES AES128 AESGCM SHA256"},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384", "HIGH ALL EECDH ECDHE kEECDH aECDSA ECDSA AES AES256 AESGCM SHA384"},
		{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", "HIGH ALL EECDH ECDHE kEECDH aRSA RSA AES AES256 AESGCM SHA384"},
		{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305", "HIGH ALL EECDH ECDHE kEECDH aECDSA ECDSA CHACHA20 SHA256"},
		{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305", "HIGH ALL EECDH ECDHE kEECDH aRSA RSA CHACHA20 SHA256"},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE-ECDSA-AES128-SHA", "HIGH ALL EECDH ECDHE kEECDH aECDSA ECDSA AES AES128 SHA SHA1"},
		{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA", "HIGH ALL EECDH ECDHE kEECDH aRSA RSA AES AES128 SHA SHA1"},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE-ECDSA-AES256-SHA", "HIGH ALL EECDH ECDHE kEECDH aECDSA ECDSA AES AES256 SHA SHA1"},
		{tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "ECDHE-RSA-AES256-SHA", "HIGH ALL EECDH ECDHE kEECDH aRSA RSA AES AES256 SHA SHA1"},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "ECDHE-ECDSA-AES128-SHA256", ""},
		{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "ECDHE-RSA-AES128-SHA256", ""},
		{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, "AES128-GCM-SHA256", ""},
		{tls.TLS_RSA_WITH_AES_256_GCM_SHA384, "AES256-GCM-SHA384", ""},
		{tls.TLS_RSA_WITH_AES_128_CBC_SHA, "AES128-SHA", ""},
		{tls.TLS_RSA_WITH_AES_256_CBC_SHA, "AES256-SHA", ""},
		{tls.TLS_RSA_WITH_AES_128_CBC_SHA256, "AES128-SHA256", ""},
	}
}

// means says whether a word of a list means the suite: a name, or words joined by +.
func (s suite) means(word string) bool {
	if word == s.name {
		return true
	}
	words := strings.Fields(s.words)
	for part := range strings.SplitSeq(word, "+") {
		if !slices.Contains(words, part) {
			return false
		}
	}
	return true
}

// cipherSuites is the suites that an OpenSSL cipher list means; nil is Go's own choice.
// What is taken away with "!" or "-" may be anything, since what Go does not have is
// away already.
func cipherSuites(list string) ([]uint16, error) {
	var chosen []uint16
	words := splitCiphers(list)
	if anonymous(list) {
		return nil, errAnonymous
	}
	all := suites()
	for _, word := range words {
		name := strings.TrimLeft(word, "!-")
		var meant []uint16
		for _, s := range all {
			if s.means(name) || name == "DEFAULT" && s.words != "" {
				meant = append(meant, s.id)
			}
		}
		switch {
		case name != word:
			chosen = slices.DeleteFunc(chosen, func(id uint16) bool { return slices.Contains(meant, id) })
		case len(meant) == 0:
			return nil, fmt.Errorf("cannot use cipher suite %q: Go's TLS has %s; use DEFAULT", word, known(all))
		default:
			chosen = append(chosen, meant...)
		}
	}
	if len(words) > 0 && len(chosen) == 0 {
		return nil, fmt.Errorf("cannot use the ciphers %q: they leave no suite; use DEFAULT", list)
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}

// splitCiphers is the words of a list, but those about the order of the others and
// about TLS 1.3.
func splitCiphers(list string) (words []string) {
	for _, word := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(":, ", r) }) {
		word, _, _ = strings.Cut(word, "@")
		if word != "" && !strings.HasPrefix(word, "TLS_") && word[0] != '+' {
			words = append(words, word)
		}
	}
	return words
}

// anonymous says whether the list wants suites without a certificate.
func anonymous(list string) bool {
	for _, word := range splitCiphers(list) {
		for _, part := range strings.Split(word, "+") {
			if part == "aNULL" || part == "NULL" || strings.HasPrefix(part, "AECDH") || strings.HasPrefix(part, "ADH") {
				return true
			}
		}
	}
	return false
}

func known(all []suite) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.name
	}
	return strings.Join(names, ", ")
}
