package curve

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The key pairs of libzmq's manual, zmq_curve(7).
const (
	manualServerPublic = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
	manualServerSecret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
	manualClientPublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	manualClientSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// manualKeys are those of libzmq's manual.
func manualKeys(t testing.TB) Keys {
	t.Helper()
	k, err := FromEnv(func(name string) string {
		return map[string]string{
			"ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_SERVER_PUBLICKEY": manualServerPublic,
			"ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_SERVER_SECRETKEY": manualServerSecret,
			"ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_CLIENT_PUBLICKEY": manualClientPublic,
			"ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_CLIENT_SECRETKEY": manualClientSecret,
		}[name]
	})
	check(t, err)
	return k
}

// The manual's secrets belong to its public keys, so Z85 and the curve are the same here and there.
func TestManualKeys(t *testing.T) {
	t.Parallel()
	k := manualKeys(t)
	for _, p := range []Pair{{k.ServerPublic, k.ServerSecret}, {k.ClientPublic, k.ClientSecret}} {
		public, err := p.Secret.public()
		check(t, err)
		if public != p.Public {
			t.Errorf("%s belongs to %s", p.Public, public)
		}
	}
	if k.ServerPublic.String() != manualServerPublic || k.ClientSecret.Z85() != manualClientSecret {
		t.Error("keys do not print as they were read")
	}
}

func TestParseKeyErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "it has 0 characters, a key has 40",
		manualServerPublic + " ":          "it has 41 characters",
		manualServerPublic[:39] + "~":     "character 40 is not one of Z85's digits",
		manualServerPublic[:35] + "#####": "characters 36 to 40 are more than four bytes",
	} {
		_, err := ParsePublicKey(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
		_, err = ParseSecretKey(text)
		if err == nil || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

// However keys are printed, the secret ones stay out of it.
func TestSecretsDoNotShow(t *testing.T) {
	t.Parallel()
	k := manualKeys(t)
	c, err := newClient(k, counting(0))
	check(t, err)
	s := &Session{key: k.ServerSecret.key}
	m := New(k)
	var shown strings.Builder
	for _, x := range []any{k, &k, k.ServerSecret, &k.ServerSecret, Pair{k.ServerPublic, k.ServerSecret}, c, s, *s, m, []Keys{k}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", x)
		}
		text, err := json.Marshal(x)
		check(t, err)
		shown.Write(text)
		slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "x", x)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("x", "x", x)
	}
	for _, secret := range []SecretKey{k.ServerSecret, k.ClientSecret, c.transient.Secret} {
		bytes := fmt.Sprint(secret.key()[:8])
		for _, form := range []string{secret.Z85(), strings.Trim(bytes, "[]"), fmt.Sprintf("%x", secret.key()[:8]), fmt.Sprintf("%#v", secret.key()[:8])[7:40]} {
			if strings.Contains(shown.String(), form) {
				t.Errorf("a secret key shows as %s", form)
			}
		}
	}
}

func TestEnv(t *testing.T) {
	t.Parallel()
	k := manualKeys(t)
	env := k.Env()
	if len(env) != 4 || !slices.Contains(env, "ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_CLIENT_SECRETKEY="+manualClientSecret) {
		t.Errorf("got %q", env)
	}
	none, err := FromEnv(func(string) string { return "" })
	if err != nil || !none.IsZero() || none.Env() != nil {
		t.Errorf("nothing set: got %v, %v", none, err)
	}
	_, err = FromEnv(func(string) string { return "short" })
	if err == nil || !strings.Contains(err.Error(), "cannot use ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_SERVER_PUBLICKEY: ") {
		t.Errorf("got %v", err)
	}
	_, err = FromEnv(func(name string) string {
		return map[bool]string{true: manualServerPublic, false: manualClientSecret}[strings.HasSuffix(name, "PUBLICKEY")]
	})
	if err == nil || !strings.Contains(err.Error(), "cannot use the server's keys: the secret key belongs to another public key") {
		t.Errorf("keys of different pairs: got %v", err)
	}
}

func TestWhatKeysSufficeFor(t *testing.T) {
	t.Parallel()
	all := manualKeys(t)
	client := all
	client.ServerSecret = SecretKey{}
	check(t, all.ToConnect())
	check(t, all.ToListen())
	check(t, client.ToConnect())
	err := client.ToListen()
	if err == nil || !strings.Contains(err.Error(), "the server's secret key is missing; set ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_SERVER_SECRETKEY") {
		t.Errorf("got %v", err)
	}
	if (Keys{}).ToConnect() == nil || (Keys{}).ToListen() == nil {
		t.Error("no keys suffice")
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "base", "curve")
	_, err := ReadDir(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: got %v", err)
	}
	k, err := Generate()
	check(t, err)
	paths, err := k.WriteDir(dir, false)
	check(t, err)
	for _, path := range append(paths, dir) {
		info, err := os.Stat(path)
		check(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 4 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
	read, err := ReadDir(dir)
	check(t, err)
	if !slices.Equal(read.Env(), k.Env()) {
		t.Error("read other keys than were written")
	}
	other := manualKeys(t)
	if _, err := other.WriteDir(dir, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	_, err = other.WriteDir(dir, true)
	check(t, err)
	read, err = ReadDir(dir)
	check(t, err)
	if !slices.Equal(read.Env(), other.Env()) {
		t.Error("the keys were not replaced")
	}
}

func TestDirRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text string
		mode       fs.FileMode
		want       string
	}{
		"for everybody": {"server_secretkey", manualServerSecret + "\n", 0o644, "everybody may use this secret key; chmod o= it"},
		"no key":        {"client_publickey", "\n", 0o600, "client_publickey: cannot read public key: it has 0 characters"},
		"endless":       {"client_publickey", strings.Repeat("x", 1000), 0o600, "it has 256 characters"},
		"other pair":    {"server_secretkey", manualClientSecret, 0o600, "the secret key belongs to another public key; take both from one pair (in "},
	} {
		dir := t.TempDir()
		k := manualKeys(t)
		_, err := k.WriteDir(dir, false)
		check(t, err)
		path := filepath.Join(dir, c.file)
		check(t, os.WriteFile(path, []byte(c.text), 0o600))
		check(t, os.Chmod(path, c.mode))
		if _, err := ReadDir(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(manualServerPublic)
	f.Add(manualServerPublic[:35] + "#####")
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParsePublicKey(text); err == nil && k.String() != text {
			t.Errorf("%q became %q", text, k)
		}
	})
}
