package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

// impatience is a patience for tests: nobody is about to close the file.
const impatience = 10 * time.Millisecond

// broker is a file with the statements of Broker's, as another SQLite wrote it.
func broker(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/broker.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBroker: a file of Broker's is read, and may be written.
func TestBroker(t *testing.T) {
	t.Parallel()
	o := Options{Path: filepath.Join(t.TempDir(), "f"), IntegrityCheck: true}
	if err := os.WriteFile(o.Path, broker(t), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"count":               "42",
		"int":                 "-7",
		"10.0.0.1":            `{"http", "ssh"}`,
		"[10.0.0.1, 443/tcp]": `{"a" = 1, "b" = 2} until 2025-01-01T00:00:00.123456789Z`,
		"real":                "1.5",
		"none":                "none until 2100-01-01T00:00:00Z",
	}
	b := mustOpen(t, o)
	expectContents(t, b, want)
	mustWrite(t, b, []store.Change{put("count", 43), {Kind: store.ChangeErase, Key: event.String("real")}})
	want["count"] = "43"
	delete(want, "real")
	mustClose(t, b)
	expectContents(t, mustOpen(t, o), want)
}

// script is a file that SQL makes.
func script(t testing.TB, commands string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(commands); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	metaTable  = "create table meta(key text primary key, value text);"
	storeTable = "create table store(key blob primary key, value blob, expiry integer);"
)

// TestHostile: what is no store, or damaged, is an error that says so, and the
// file stays as it is; unless it is damaged and may be put aside, which leaves
// an empty store and the old file.
func TestHostile(t *testing.T) {
	t.Parallel()
	sound := broker(t)
	filled := script(t, metaTable+storeTable+`
		with recursive n(i) as (select 1 union all select i + 1 from n where i < 500)
		insert into store select cast(x'050a' || printf('%010d', i) as blob), zeroblob(900), null from n`)
	tests := []struct {
		name string
		file []byte
		kind error // nil: no error when opened, but ErrCorrupt when loaded
		say  string
	}{
		{"text", []byte("#separator \\x09\n" + strings.Repeat("This is a log.\n", 100)), ErrCorrupt, "not a database"},
		{"zeros", make([]byte, 8192), ErrCorrupt, "not a database"},
		{"header only", sound[:100], ErrCorrupt, ""},
		{"truncated", sound[:len(sound)/2], ErrCorrupt, "malformed"},
		{"page overwritten", append(append(bytes.Clone(sound[:4096]), bytes.Repeat([]byte{0xff}, 4096)...), sound[8192:]...), ErrCorrupt, "malformed"},
		{"values of zeros", filled, nil, "the value of key 0000000001: cannot decode value: offset 1: expected the end, got 899 more bytes"},
		{"other database", script(t, "create table hosts(ip text);"), ErrForeign, `a table "hosts", but none called store`},
		{"other columns", script(t, "create table store(key_str text primary key, value_str text not null, expire_time real);"), ErrForeign,
			"its table store has the columns (key_str text primary key, value_str text, expire_time real), a store has (key blob primary key, value blob, expiry integer)"},
		{"no primary key", script(t, "create table store(key blob, value blob, expiry integer);"), ErrForeign, "its table store"},
		{"view", script(t, metaTable+"create table t(a); create view store(key, value, expiry) as select a, a, a from t;"), ErrForeign, `view "store"`},
		{"trigger", script(t, metaTable+storeTable+"create trigger sneaky after insert on store begin delete from store; end;"), ErrForeign, `trigger "sneaky"`},
		{"virtual", script(t, metaTable+"create virtual table store using fts5(key, value, expiry);"), ErrForeign, `table "store"`},
		{"index as store", script(t, metaTable+"create index store on meta(value);"), ErrForeign, `index "store"`},
		{"newer", script(t, metaTable+storeTable+"insert into meta values('zctl_version', '2');"), ErrForeign, `its version is "2"`},
		{"key is text", script(t, metaTable+storeTable+"insert into store values('k', x'00', null);"), nil, "a key: expected a blob, got a string"},
		{"key is null", script(t, metaTable+storeTable+"insert into store values(null, x'00', null);"), nil, "a key: expected a blob"},
		{"key is empty", script(t, metaTable+storeTable+"insert into store values(x'', x'00', null);"), nil, "a key: cannot decode value: offset 0: expected a value, got the end"},
		{"key is other", script(t, metaTable+storeTable+"insert into store values(x'ff', x'00', null);"), nil, "unknown tag 0xff"},
		{"key in other order", script(t, metaTable+storeTable+"insert into store values(x'0c0202000000000000000202000000000000000101', x'00', null);"), nil, "offset"},
		{"key in long form", script(t, metaTable+storeTable+"insert into store values(x'05810061', x'00', null);"), nil, "key a is not encoded as Broker does"},
		{"value is number", script(t, metaTable+storeTable+"insert into store values(x'050161', 7, null);"), nil, "the value of key a: expected a blob, got a int64"},
		{"value is cut off", script(t, metaTable+storeTable+"insert into store values(x'050161', x'0200', null);"), nil, "the value of key a: cannot decode value: offset 1: expected the 8 bytes of count, got 1"},
		{"expiry is text", script(t, metaTable+storeTable+"insert into store values(x'050161', x'00', 'soon');"), nil, "the expiry of key a: expected a number of nanoseconds, got a string"},
		{"huge value", script(t, metaTable+storeTable+"insert into store values(x'050161', zeroblob(40000000), null);"), nil, "larger than a store takes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Path: filepath.Join(t.TempDir(), "f.sqlite")}
			if err := os.WriteFile(o.Path, test.file, 0o600); err != nil {
				t.Fatal(err)
			}
			kind, err := test.kind, error(nil)
			b, err := open(t.Context(), o, impatience)
			if test.kind == nil && err == nil { // found by who loads it
				kind = ErrCorrupt
				err = b.Load(t.Context(), ignore)
				mustClose(t, b)
			}
			if !errors.Is(err, kind) || !strings.Contains(err.Error(), test.say) || !strings.Contains(err.Error(), o.Path) {
				t.Fatalf("error %v", err)
			}
			if after, err := os.ReadFile(o.Path); err != nil || test.kind != nil && !bytes.Equal(after, test.file) {
				t.Errorf("the file changed, %v", err)
			}
			o.IntegrityCheck = true
			if b, err := open(t.Context(), o, impatience); !errors.Is(err, kind) {
				t.Errorf("with integrity check: %v", err)
				_ = b.Close()
			}
			o.FailureMode = FailureDelete
			b, err = open(t.Context(), o, impatience)
			if kind == ErrForeign {
				if !errors.Is(err, ErrForeign) {
					t.Errorf("what is not ours was put aside, %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			expectContents(t, b, map[string]string{})
			mustWrite(t, b, []store.Change{put("k", 1)})
			mustClose(t, b)
			if aside, err := os.ReadFile(o.Path + ".corrupt"); err != nil || test.kind != nil && !bytes.Equal(aside, test.file) {
				t.Errorf("the file that was put aside is another one, %v", err)
			}
		})
	}
}

// TestPlaces: paths where there can be no file.
func TestPlaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, say := range map[string]string{
		dir:                      "no access to the file",
		filepath.Join(file, "f"): "not a directory",
		"/proc/self/fdinfo/f":    "no access to the file",
		filepath.Join(dir, strings.Repeat("x", 300)): "no access to the file",
	} {
		for _, mode := range []FailureMode{FailureFail, FailureDelete} {
			b, err := open(context.Background(), Options{Path: path, FailureMode: mode}, impatience)
			if err == nil {
				_ = b.Close()
			}
			if !errors.Is(err, ErrNoAccess) || !strings.Contains(err.Error(), say) {
				t.Errorf("%.20s: %v", path, err)
			}
		}
	}
	b := mustOpen(t, Options{Path: file}) // an empty file is an empty store
	expectContents(t, b, map[string]string{})
}

// TestFull: a write that the disk has no room for is an error and changes
// nothing, what is there can be read, and it is possible again when there is room.
func TestFull(t *testing.T) {
	t.Parallel()
	for _, o := range modes() {
		t.Run(o.name(), func(t *testing.T) {
			t.Parallel()
			o := o.at(filepath.Join(t.TempDir(), "f"))
			b := mustOpen(t, o)
			if err := b.exec(t.Context(), "pragma max_page_count = 20"); err != nil {
				t.Fatal(err)
			}
			fillUp(t, o, b, func() error { return b.exec(t.Context(), "pragma max_page_count = 1000000") })
		})
	}
}

// TestFullDisk is TestFull with a disk.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, o := range modes() {
		t.Run(o.name(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); err != nil {
				t.Skipf("skipped: cannot mount a small file system, needs root: %v", err)
			}
			t.Cleanup(func() {
				if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
			o := o.at(filepath.Join(dir, "f"))
			b := mustOpen(t, o)
			fillUp(t, o, b, func() error { return unix.Mount("", dir, "", unix.MS_REMOUNT, "size=10m") })
		})
	}
}

func fillUp(t *testing.T, o Options, b *Backend, makeRoom func() error) {
	t.Helper()
	want := map[string]string{"k": "0"}
	mustWrite(t, b, []store.Change{put("k", 0)}, store.Session{Writer: "w", Seq: 1})
	batch := []store.Change{put("k", 1)}
	for i := range 1000 {
		batch = append(batch, store.Change{Kind: store.ChangePut, Key: event.Count(uint64(i)), Value: event.String(strings.Repeat("x", 1000))})
	}
	for range 2 {
		err := b.Write(t.Context(), batch, []store.Session{{Writer: "w", Seq: 2}})
		if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "cannot write store "+o.Path) || !strings.Contains(err.Error(), "make room") {
			t.Fatalf("error %v", err)
		}
		expectContents(t, b, want)
		if got := sessions(t, b); got["w"] != 1 {
			t.Errorf("sessions %v", got)
		}
	}
	mustWrite(t, b, []store.Change{put("k", 2)}) // there is room for a little
	if err := makeRoom(); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, b, batch, store.Session{Writer: "w", Seq: 2})
	mustClose(t, b)
	o.IntegrityCheck = true
	b = mustOpen(t, o)
	if got := contents(t, b); len(got) != 1001 || got["k"] != "1" || sessions(t, b)["w"] != 2 {
		t.Errorf("%d entries, k is %s", len(got), got["k"])
	}
	mustClose(t, b)
}

// FuzzFile: no file makes a panic, and one that can be opened and loaded can be
// written.
func FuzzFile(f *testing.F) {
	sound, err := os.ReadFile("testdata/broker.sqlite")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sound, uint16(0), byte(0))
	for at := 100; at < len(sound); at += 997 {
		f.Add(sound, uint16(at), byte(at))
	}
	f.Add(sound[:5000], uint16(20), byte(9))
	f.Fuzz(func(t *testing.T, file []byte, at uint16, b byte) {
		file = bytes.Clone(file)
		if int(at) < len(file) {
			file[at] ^= b
		}
		o := Options{Path: filepath.Join(t.TempDir(), "f")}
		if err := os.WriteFile(o.Path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := open(t.Context(), o, impatience)
		if err != nil {
			return
		}
		defer opened.Close()
		entries := 0
		err = opened.Load(t.Context(), func(key, value event.Value, _ time.Time) error {
			entries++
			_, _ = key.String(), value.String()
			return nil
		})
		if err != nil {
			return
		}
		if err := opened.Write(t.Context(), []store.Change{put("new", 1)}, nil); err == nil && entries < 1000 {
			_ = opened.Load(t.Context(), ignore)
		}
	})
}
