package layoutgen

import (
	"strings"
	"testing"
)

func TestLogFullEnv(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ env, want string }{
		{`{ ZCTL_LOG_FULL = "spill", ZCTL_LOG_SPILL_BYTES = "1000000" }`, ""},
		{`{ ZCTL_LOG_FULL = "wait" }`, "give drop or block or spill"},
		{`{ ZCTL_LOG_SPILL_BYTES = "1GiB" }`, "give a number of bytes above 0"},
	} {
		_, err := Parse("", []byte("[workers]\nenv = "+test.env+"\n"))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(strings.ReplaceAll(err.Error(), `"`, ""), test.want) {
			t.Errorf("%s: %v", test.env, err)
		}
	}
}
