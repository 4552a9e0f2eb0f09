package websocket

import (
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"testing"
)

// What OpenSSL's lists mean of what Go has.
func TestCipherSuites(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"":                            "",
		"TLS_AES_128_GCM_SHA256":      "",
		"ECDHE-RSA-AES128-GCM-SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
		"AES128-SHA":                  "AES128-SHA", // though insecure: by name
		"ECDHE+AESGCM:!aNULL:!MD5":    "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384",
		"ECDHE+AESGCM:!ECDSA:-AES256": "ECDHE-RSA-AES128-GCM-SHA256",
		"CHACHA20@SECLEVEL=2":         "ECDHE-RSA-CHACHA20-POLY1305 ECDHE-ECDSA-CHACHA20-POLY1305",
		"DEFAULT:!SHA1:!AESGCM:!RSA":  "ECDHE-ECDSA-CHACHA20-POLY1305",
	} {
		ids, err := cipherSuites(list)
		if err != nil {
			t.Errorf("%s: %v", list, err)
		}
		var got []string
		for _, s := range suites() {
			if slices.Contains(ids, s.id) {
				got = append(got, s.name)
			}
		}
		wanted := strings.Fields(want)
		slices.Sort(got)
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: got %q, want %q", list, got, wanted)
		}
	}
	for list, want := range map[string]string{
		"aNULL": "anonymous", "ADH-AES256-SHA": "anonymous", "HIGH+aNULL": "anonymous", "ALL:ADH": "anonymous",
		"CAMELLIA": `"CAMELLIA"`, "ECDHE+GOST": `"ECDHE+GOST"`, "AES128-SHA:!ALL:!AES128-SHA": "leave no suite", "!MD5": "leave no suite",
	} {
		if ids, err := cipherSuites(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v; want an error about %s", list, ids, err, want)
		}
	}
	if _, err := cipherSuites("AECDH-AES256-SHA"); !errors.Is(err, errAnonymous) {
		t.Errorf("got %v", err)
	}
}

// All names are OpenSSL's for what Go has under that id, and all that Go thinks secure
// is there.
func TestSuitesAreGos(t *testing.T) {
	t.Parallel()
	have := map[uint16]bool{}
	for _, s := range suites() {
		have[s.id] = true
		openSSL := strings.NewReplacer("TLS_", "", "_WITH", "", "AES_128", "AES128", "AES_256", "AES256", "_CBC", "", "_", "-").Replace(tls.CipherSuiteName(s.id))
		openSSL = strings.TrimPrefix(strings.Replace(openSSL, "POLY1305-SHA256", "POLY1305", 1), "RSA-")
		if openSSL != s.name {
			t.Errorf("%s is %s, want %s", tls.CipherSuiteName(s.id), s.name, openSSL)
		}
	}
	for _, s := range tls.CipherSuites() {
		if s.SupportedVersions[0] < tls.VersionTLS13 && !have[s.ID] {
			t.Errorf("%s is missing", s.Name)
		}
	}
}
