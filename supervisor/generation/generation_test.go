package generation

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lay writes files, by path; a content "-> X" makes a link to X, and "/" a directory.
func lay(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch target, link := strings.CutPrefix(text, "-> "); {
		case link:
			err = os.Symlink(target, path)
		case text == "/":
			err = os.MkdirAll(path, 0o755)
		default:
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestUnion: of several site directories the first entry of a name wins, with all
// that is below it; links stay links, and lead where they did; what is missing or empty does not matter (spec:
// zeekctl 7.1, 13).
func TestUnion(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lay(t, dir, map[string]string{
		"a/local.zeek": "a", "a/sub/x.zeek": "a x", "a/link.zeek": "-> sub/x.zeek", "a/gone.zeek": "-> nowhere",
		"a/out.zeek": "-> ../far/x.zeek", "a/sub/up.zeek": "-> ../local.zeek", "a/sub/out.zeek": "-> ../../far/x.zeek",
		"b/local.zeek": "b", "b/sub/x.zeek": "b x", "b/sub/y.zeek": "b y", "b/only.zeek": "b", "b/dir": "-> sub",
		"a/.git/HEAD": "x", "a/local.zeek~": "x", "a/.local.zeek.swp": "x", "a/sub/.#x.zeek": "-> user@host.1",
		"empty": "/", "b/void": "/",
	})
	if err := os.Chmod(filepath.Join(dir, "b/only.zeek"), 0o755); err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, name := range []string{"missing", "a", "empty", "b"} {
		dirs = append(dirs, filepath.Join(dir, name))
	}
	store := At(filepath.Join(dir, "generations"))
	digest, err := store.StageSite(dirs...)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := store.Site(digest)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range tree {
		content := e.Content
		if e.Kind == File || e.Kind == Program {
			content, _, _ = e.Read(100)
		}
		got = append(got, string(e.Kind)+" "+e.Path+" "+content)
	}
	want := []string{
		"link dir sub", "link gone.zeek nowhere", "link link.zeek sub/x.zeek", "file local.zeek a",
		"program only.zeek b", "link out.zeek " + dir + "/far/x.zeek",
		"directory sub ", "link sub/out.zeek " + dir + "/far/x.zeek", "link sub/up.zeek ../local.zeek", "file sub/x.zeek a x", "directory void ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("staged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if target, err := os.Readlink(filepath.Join(store.site(digest), "link.zeek")); err != nil || target != "sub/x.zeek" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	again, err := store.StageSite(dirs...)
	if err != nil || again != digest {
		t.Errorf("staged again: %s, %v; was %s", again, err, digest)
	}
	if none, err := store.StageSite(dirs[0], dirs[2]); none != "" || err != nil {
		t.Errorf("of nothing: %q, %v", none, err)
	}
}

// TestDigest: everything that Zeek could notice changes the digest, and nothing else
// does.
func TestDigest(t *testing.T) {
	t.Parallel()
	base := map[string]string{"local.zeek": "x", "sub/y.zeek": "y", "link": "-> local.zeek"}
	digest := func(change func(dir string)) string {
		dir := lay(t, t.TempDir(), base)
		change(dir)
		tree, err := ReadTree(dir)
		if err != nil {
			t.Fatal(err)
		}
		return tree.Digest()
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	original := digest(func(string) {})
	same := map[string]func(dir string){
		"times":       func(dir string) { must(os.Chtimes(dir+"/local.zeek", time.Unix(1, 0), time.Unix(1, 0))) },
		"permissions": func(dir string) { must(os.Chmod(dir+"/local.zeek", 0o600)) },
	}
	for what, change := range same {
		if digest(change) != original {
			t.Errorf("%s change the digest", what)
		}
	}
	other := map[string]func(dir string){
		"content":    func(dir string) { lay(t, dir, map[string]string{"local.zeek": "z"}) },
		"one more":   func(dir string) { lay(t, dir, map[string]string{"z.zeek": ""}) },
		"one less":   func(dir string) { must(os.Remove(dir + "/local.zeek")) },
		"name":       func(dir string) { must(os.Rename(dir+"/local.zeek", dir+"/lokal.zeek")) },
		"executable": func(dir string) { must(os.Chmod(dir+"/local.zeek", 0o700)) },
		"directory":  func(dir string) { lay(t, dir, map[string]string{"void": "/"}) },
		"link": func(dir string) {
			must(os.Remove(dir + "/link"))
			must(os.Symlink("sub/y.zeek", dir+"/link"))
		},
		"link to file": func(dir string) {
			must(os.Remove(dir + "/link"))
			lay(t, dir, map[string]string{"link": "x"})
		},
	}
	for what, change := range other {
		if digest(change) == original {
			t.Errorf("%s does not change the digest", what)
		}
	}
}

// TestRefused: what is no tree of scripts is an error that says what is wrong, and
// nothing is staged.
func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lay(t, dir, map[string]string{"many/a": "1", "many/b": "2", "many/c": "3", "deep/1/2/3/x": "", "file": "text", "special": "/"})
	if err := mkfifo(filepath.Join(dir, "special/pipe")); err != nil {
		t.Fatal(err)
	}
	small := limits{entries: 5, depth: 3, bytes: 3}
	for name, want := range map[string]string{
		"special": "is neither a file, nor a directory, nor a link",
		"deep":    "is more than 3 directories deep",
		"many":    "there are more than",
		"file":    "not a directory",
	} {
		_, err := readTree([]string{filepath.Join(dir, name)}, small)
		if name == "many" {
			_, err = readTree([]string{filepath.Join(dir, name)}, limits{entries: 2, depth: 4, bytes: 100})
			if _, err := readTree([]string{filepath.Join(dir, name)}, limits{entries: 9, depth: 4, bytes: 2}); err == nil {
				t.Error("too many bytes are no error")
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	store := At(filepath.Join(dir, "generations"))
	if _, err := store.StageSite(filepath.Join(dir, "special")); err == nil {
		t.Error("staged a pipe")
	}
	if _, err := store.Stage(Files{"../x": ""}); err == nil {
		t.Error("staged a file elsewhere")
	}
	leftovers(t, store)
}

// leftovers complains about what was being staged and still is there.
func leftovers(t *testing.T, s *Store) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(s.dir, stagePrefix+"*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestDamaged: what is not what was staged any more is an error, and staging it again
// mends it.
func TestDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	site := lay(t, filepath.Join(dir, "site"), map[string]string{"local.zeek": "x", "sub/y.zeek": "y"})
	files := Files{"manifest.json": "{}", "auto/cluster-layout.zeek": "layout"}
	store := At(filepath.Join(dir, "generations"))
	stage := func() (generation, tree string) {
		t.Helper()
		generation, err := store.Stage(files)
		if err != nil {
			t.Fatal(err)
		}
		tree, err = store.StageSite(site)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := store.Open(generation); err != nil || !reflect.DeepEqual(got, files) {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := store.Site(tree); err != nil {
			t.Error(err)
		}
		leftovers(t, store)
		return generation, tree
	}
	generation, tree := stage()
	damage := []struct {
		path string
		do   func(path string) error
	}{
		{store.path(generation) + "/manifest.json", func(p string) error { return os.WriteFile(p, []byte("{ }"), 0o600) }},
		{store.path(generation) + "/manifest.json", func(p string) error { return os.Truncate(p, 0) }},
		{store.path(generation) + "/manifest.json", os.Remove},
		{store.path(generation) + "/auto/cluster-layout.zeek", os.Remove},
		{store.path(generation) + "/more", func(p string) error { return os.WriteFile(p, nil, 0o600) }},
		{store.path(generation) + "/more", func(p string) error { return os.Symlink("manifest.json", p) }},
		{store.path(generation), os.RemoveAll},
		{store.path(generation), func(p string) error { return errors.Join(os.RemoveAll(p), os.WriteFile(p, nil, 0o600)) }},
		{store.site(tree) + "/local.zeek", func(p string) error { return os.WriteFile(p, []byte("y"), 0o644) }},
		{store.site(tree) + "/local.zeek", func(p string) error { return os.Chmod(p, 0o755) }},
		{store.site(tree) + "/sub", os.RemoveAll},
		{store.site(tree), os.RemoveAll},
	}
	for _, d := range damage {
		if err := d.do(d.path); err != nil {
			t.Fatal(err)
		}
		_, err1 := store.Open(generation)
		_, err2 := store.Site(tree)
		if err1 == nil && err2 == nil {
			t.Errorf("%s is not noticed", d.path)
		}
		if g, s := stage(); g != generation || s != tree {
			t.Errorf("%s: staged again it is %s, %s", d.path, g, s)
		}
	}
}

// TestPermissions: everybody may read site scripts, and only the owner what nodes are
// told, which may be keys.
func TestPermissions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	site := lay(t, filepath.Join(dir, "site"), map[string]string{"local.zeek": "x", "sub/y.zeek": "y"})
	if err := os.Chmod(site+"/local.zeek", 0o600); err != nil {
		t.Fatal(err)
	}
	store := At(filepath.Join(dir, "generations"))
	generation, err := store.Stage(Files{"manifest.json": "{}", "auto/x": "layout"})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := store.StageSite(site)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{
		store.dir: 0o755, store.sites(): 0o755, store.site(tree): 0o755,
		store.site(tree) + "/local.zeek": 0o644, store.site(tree) + "/sub": 0o755, store.site(tree) + "/sub/y.zeek": 0o644,
		store.path(generation): 0o700, store.path(generation) + "/manifest.json": 0o600,
		store.path(generation) + "/auto": 0o700, store.path(generation) + "/auto/x": 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %v (%v)", path, info.Mode().Perm(), want, err)
		}
	}
}

// TestPrune: what is to be kept, current, or in use stays, and so do site scripts that
// somebody has just staged.
func TestPrune(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := At(filepath.Join(dir, "generations"))
	var generations, sites []string
	for _, text := range []string{"a", "b", "c", "d"} {
		g, err := store.Stage(Files{"x": text})
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.StageSite(lay(t, filepath.Join(dir, text), map[string]string{"local.zeek": text}))
		if err != nil {
			t.Fatal(err)
		}
		generations, sites = append(generations, g), append(sites, s)
	}
	old := time.Now().Add(-2 * siteGrace)
	for _, s := range sites[:3] {
		if err := os.Chtimes(store.site(s), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Switch(generations[0]); err != nil {
		t.Fatal(err)
	}
	unlock, err := store.share()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Prune(nil, nil); err != nil {
		t.Error(err)
	}
	if all, _ := store.List(); len(all) != 4 {
		t.Errorf("pruned while somebody was staging: %v", all)
	}
	unlock()
	if err := store.Prune(generations[2:3], sites[1:2]); err != nil {
		t.Error(err)
	}
	for i, want := range []bool{true, false, true, false} {
		if _, err := store.Open(generations[i]); (err == nil) != want {
			t.Errorf("generation %d: %v", i, err)
		}
	}
	for i, want := range []bool{false, true, false, true} {
		if _, err := store.Site(sites[i]); (err == nil) != want {
			t.Errorf("site %d: %v", i, err)
		}
	}
	leftovers(t, store)
}

// TestFind: the beginning of a digest is enough if it is one's.
func TestFind(t *testing.T) {
	t.Parallel()
	store := At(filepath.Join(t.TempDir(), "generations"))
	var all []string
	for i := range 20 { // two of which begin alike
		g, err := store.Stage(Files{"x": strings.Repeat("x", i)})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	if g, err := store.Find(all[3][:12]); g != all[3] || err != nil {
		t.Errorf("%s, %v", g, err)
	}
	for _, wrong := range []string{"", "x", "../", strings.Repeat("0", 32)} {
		if g, err := store.Find(wrong); err == nil {
			t.Errorf("%q is %s", wrong, g)
		}
	}
	for _, g := range all {
		first := g[:1]
		if n := len(slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s[:1] != first })); n > 1 {
			if found, err := store.Find(first); err == nil {
				t.Errorf("%q is %s", first, found)
			}
			return
		}
	}
	t.Error("no two begin alike")
}

// TestOwner: what root stages belongs to the owner of the base directory, who runs the
// supervisor and has to remove it one day.
func TestOwner(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	const owner = 65534
	if err := os.Chown(dir, owner, owner); err != nil {
		t.Fatal(err)
	}
	site := lay(t, t.TempDir(), map[string]string{"local.zeek": "x", "sub/y.zeek": "y", "link": "-> local.zeek"})
	store := At(filepath.Join(dir, "generations"))
	generation, err := store.Stage(Files{"manifest.json": "{}", "auto/x": "layout"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.StageSite(site); err != nil {
		t.Fatal(err)
	}
	if err := store.Switch(generation); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(store.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var stat unix.Stat_t
		if err := unix.Lstat(path, &stat); err != nil || stat.Uid != owner {
			t.Errorf("%s belongs to %d, %v", path, stat.Uid, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestTogether: several who stage the same, or other things, at the same time, while
// somebody sweeps, do not get in each other's way.
func TestTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var sites []string
	for _, text := range []string{"a", "b"} {
		sites = append(sites, lay(t, filepath.Join(dir, text), map[string]string{"local.zeek": text, "sub/x.zeek": text}))
	}
	store := At(filepath.Join(dir, "generations"))
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for round := range 10 {
				if i == 0 {
					if err := store.Sweep(); err != nil {
						t.Error(err)
					}
				}
				tree, err := store.StageSite(sites[(i+round)%2])
				if err == nil {
					_, err = store.Site(tree)
				}
				if err != nil {
					t.Error(err)
				}
				digest, err := store.Stage(Files{"x": strings.Repeat("x", (i+round)%3)})
				if err == nil {
					_, err = store.Open(digest)
				}
				if err == nil {
					err = store.Switch(digest)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := store.Sweep(); err != nil {
		t.Error(err)
	}
	leftovers(t, store)
}
