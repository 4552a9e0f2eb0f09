package main

import "testing"

func TestClip(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"abc\nabcdef\n", 4, "abc\nabc…\n"},
		{"abcdef", 0, "abcdef"},
		{"äöü\näöüß", 3, "äöü\näö…"},
		{"", 3, ""},
	} {
		if got := clip(test.text, test.width); got != test.want {
			t.Errorf("%q in %d columns: %q, want %q", test.text, test.width, got, test.want)
		}
	}
}
