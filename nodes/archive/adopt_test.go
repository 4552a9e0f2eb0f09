package archive

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const tsvHeader = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n" +
	"#open\t2026-11-25-13-00-00\n#fields\tts\tuid\n#types\ttime\tstring\n"

var many = tsvHeader + strings.Repeat("1764075700.5\tC1\n", 9999)

// TestAdopt finds every kind of log that is left behind, with its times.
func TestAdopt(t *testing.T) {
	t.Parallel()
	written := at("2026-11-25 13:42:07")
	for _, c := range []struct {
		name, file, text string
		want             string // what is made of it, "" for nothing
		left             string // what is in the file then
	}{
		{"TSV", "conn.log", tsvHeader + "1764075700.5\tC1\n", "conn 13:00:00 13:42:07 logger-1 .log", tsvHeader + "1764075700.5\tC1\n"},
		{"TSV with a torn line", "conn.log", tsvHeader + "1764075700.5\tC1\n17640757", "conn 13:00:00 13:42:07 logger-1 .log torn 8", tsvHeader + "1764075700.5\tC1\n"},
		{"TSV that was closed", "conn.log", tsvHeader + "#close\t2026-11-25-13-30-00\n", "conn 13:00:00 13:30:00 logger-1 .log", tsvHeader + "#close\t2026-11-25-13-30-00\n"},
		{"TSV that went on", "conn.log", tsvHeader + "#close\t2026-11-25-13-30-00\n" + tsvHeader, "conn 13:00:00 13:42:07 logger-1 .log", ""},
		{"TSV without header", "conn.log", "1795611600.250000\tC1\n", "conn 13:00:00 13:42:07 logger-1 .log", ""},
		{"TSV without times", "conn.log", "C1\tx\n", "conn 13:42:07 13:42:07 logger-1 .log", ""},
		{"TSV of the future", "conn.log", strings.Replace(tsvHeader, "-25-13", "-26-13", 1), "conn 13:42:07 13:42:07 logger-1 .log", ""},
		{"other separator", "conn.log", "#open|2026-11-25-13-00-00\n", "conn 13:00:00 13:42:07 logger-1 .log", ""},
		{"JSON", "dns.log", `{"ts":1795611600.25,"uid":"C1"}` + "\n", "dns 13:00:00 13:42:07 logger-1 .log", ""},
		{"JSON in milliseconds", "dns.log", `{"ts":1795611600250}` + "\n", "dns 13:00:00 13:42:07 logger-1 .log", ""},
		{"JSON in ISO 8601", "dns.log", `{"uid":"C1","ts":"2026-11-25T13:00:00.250000Z"}` + "\n", "dns 13:00:00 13:42:07 logger-1 .log", ""},
		{"JSON of an old trace", "dns.log", `{"ts":1320279567.18}` + "\n", "dns 2011-11-03 00:19:27 13:42:07 logger-1 .log", ""},
		{"JSON without ts", "dns.log", `{"a":1}` + "\n", "dns 13:42:07 13:42:07 logger-1 .log", ""},
		{"torn at once", "dns.log", `{"ts":17956116`, "dns 13:42:07 13:42:07 logger-1 .log torn 14", ""},
		{"empty", "weird.log", "", "weird 13:42:07 13:42:07 logger-1 .log", ""},
		{"gzip", "conn.log.gz", zipped(tsvHeader), "conn 13:00:00 13:42:07 logger-1 .log.gz", zipped(tsvHeader)},
		{"torn gzip", "conn.log.gz", zipped(many)[:len(zipped(many))-20], "conn 13:00:00 13:42:07 logger-1 .log torn", ""},
		{"gzip that ends at once", "conn.log.gz", zipped(many)[:5], "conn 13:42:07 13:42:07 logger-1 .log", ""},
		{"empty gzip", "conn.log.gz", "", "conn 13:42:07 13:42:07 logger-1 .log", ""},
		{"left of a salvage", tempPrefix + "00", "x", "", ""},
		{"of Zeek", "conn-26-11-25_13.00.00.log", "x", "conn 13:00:00 13:42:07 logger-1 .log", "x"},
		{"of Zeek for a command", "a.b-c.2026-11-25-13-00-00.log", "x", "a.b-c 13:00:00 13:42:07 logger-1 .log", ""},
		{"of Zeek, from tomorrow", "conn-26-11-26_13.00.00.log", "", "conn 2026-11-26 13:00:00 2026-11-26 13:00:00 logger-1 .log", ""},
		{"for zeek-archiver", "conn__2026-11-25-12-00-00__2026-11-25-13-00-00__log_suffix=l2__.log", "x", "conn 12:00:00 13:00:00 l2 .log", "x"},
		{"not a time of Zeek", "conn-26-13-25_13.00.00.log", "x\n", "conn-26-13-25_13.00.00 13:42:07 13:42:07 logger-1 .log", ""},
		{"of the supervisor", "stdout.log", "x", "", ""},
		{"of the supervisor", "stderr.log", "x", "", ""},
		{"hidden", ".conn.log", "x", "", ""},
		{"another", "cluster-layout.zeek", "x", "", ""},
		{"only an extension", ".log", "x", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := write(t, dir+"/"+c.file, c.text)
			if err := os.Chtimes(path, written, written); err != nil {
				t.Fatal(err)
			}
			found, err := Adopt(dir, "logger-1", time.UTC)
			if err != nil || says(found) != c.want && !(strings.HasSuffix(c.want, "torn") && strings.HasPrefix(says(found), c.want)) {
				t.Fatalf("adopted %q %v, want %q", says(found), err, c.want)
			}
			if len(found) > 0 && !strings.Contains(c.name, "gzip") && !must(os.Stat(found[0].File)).ModTime().Equal(written) {
				t.Error("it looks as if it had been written to")
			}
			again, err := Adopt(dir, "other", time.UTC) // as if we had been killed
			if err != nil || len(found) > 0 && found[0].Torn == 0 && found[0].File != path && says(again) != c.want {
				t.Errorf("adopted again: %q %v, want %q", says(again), err, c.want)
			}
			if c.left != "" && string(must(os.ReadFile(found[0].File))) != c.left {
				t.Error("its text has changed")
			}
		})
	}
}

// says tells of adopted logs, the day only if it is another.
func says(found []Adopted) string {
	var s []string
	for _, a := range found {
		text := fmt.Sprint(a.Stream, " ", a.Open.Format(time.DateTime), " ", a.Close.Format(time.DateTime), " ", a.Suffix, " ", a.Ext)
		if a.Torn > 0 {
			text += fmt.Sprint(" torn ", a.Torn)
		}
		s = append(s, strings.ReplaceAll(text, "2026-11-25 ", ""))
	}
	return strings.Join(s, ", ")
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	must(w.Write([]byte(text)))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// Of a torn gzip log the lines are kept that can be read.
func TestSalvage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := bigText(1)
	zip := zipped(text)
	write(t, dir+"/conn.log.gz", zip[:len(zip)/2])
	write(t, dir+"/.shadow.conn.log.gz", ".log.gz\n\n")
	found, err := Adopt(dir, "", nil)
	if err != nil || len(found) != 1 {
		t.Fatalf("%+v %v", found, err)
	}
	got := files(t, dir)
	if kept := got[filepath.Base(found[0].File)]; len(got) != 1 || len(kept) < len(text)/3 || !strings.HasPrefix(text, kept) || !strings.HasSuffix(kept, "\n") {
		t.Errorf("%d files, %d bytes of %d are kept", len(got), len(kept), len(text))
	}
}

// A log of Zeek in JSON says by its shadow when it was opened; that goes with it.
func TestShadow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opened := time.Now()
	write(t, dir+"/.shadow.conn.log", ".log\nsome_function\n")
	write(t, dir+"/.shadow.dns.json", ".json\n\n")
	write(t, dir+"/.shadow.gone.log", ".log\n\n")
	for _, log := range []string{"conn.log", "dns.json", "other.json"} {
		path := write(t, dir+"/"+log, `{"ts":1.5}`+"\n")
		later := opened.Add(time.Hour)
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
	found, err := Adopt(dir, "", nil)
	if err != nil || len(found) != 2 {
		t.Fatalf("%s %v", says(found), err)
	}
	for i, want := range []Job{{Stream: "conn", Ext: ".log"}, {Stream: "dns", Ext: ".json"}} {
		a := found[i]
		if a.Stream != want.Stream || a.Ext != want.Ext || a.Open.Sub(opened).Abs() > time.Minute || a.Close.Sub(opened) < 59*time.Minute {
			t.Errorf("%d: %+v", i, a)
		}
	}
	left := slices.Sorted(maps.Keys(files(t, dir)))
	if len(left) != 3 || left[2] != "other.json" || strings.Contains(strings.Join(left, " "), "shadow") {
		t.Errorf("left are %v", left)
	}
}

// What is in the way of one log does not keep the others from being adopted.
func TestAdoptSome(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, file := range []string{"a.log", strings.Repeat("l", 240) + ".log", "z.log"} {
		write(t, dir+"/"+file, "x\n")
	}
	if err := unix.Mkfifo(dir+"/fifo.log", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(dir+"/.shadow.a.log", 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := Adopt(dir, "l", nil)
	if len(found) != 2 || err == nil || !strings.Contains(err.Error(), "cannot adopt the log lll") {
		t.Errorf("%s %v", says(found), err)
	}
	if found, err := Adopt(dir+"/none", "", nil); len(found) != 0 || err != nil {
		t.Errorf("nothing: %v %v", found, err)
	}
}

// Rotating overwrites nothing and says everything in the name.
func TestRotate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := Name{Stream: "conn", Open: at("2026-11-25 13:00:00"), Close: at("2026-11-25 14:00:00"), Suffix: "logger-1", Ext: ".log"}
	for i := range 3 {
		job, err := Rotate(write(t, dir+"/conn.log", fmt.Sprint(i)), dir+"/queue", name)
		if err != nil || unpack(t, job.File) != fmt.Sprint(i) {
			t.Fatalf("%+v %v", job, err)
		}
	}
	found, err := Adopt(dir+"/queue", "other", time.UTC)
	if err != nil || says(found) != strings.TrimSuffix(strings.Repeat("conn 13:00:00 14:00:00 logger-1 .log, ", 3), ", ") {
		t.Errorf("%s %v", says(found), err)
	}
	if _, err := Rotate(dir+"/conn.log", dir, name); err == nil || !strings.HasPrefix(err.Error(), "cannot rotate "+dir+"/conn.log: ") {
		t.Errorf("error %v", err)
	}
}

// What is read of a left-over may be anything.
func FuzzLeftover(f *testing.F) {
	f.Add([]byte(tsvHeader))
	f.Add([]byte(`{"ts":"2026-11-25T13:00:00Z"}` + "\n"))
	f.Add([]byte("\n\n#close\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := t.TempDir() + "/conn.log"
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		opened, closed, err := leftover(path, shadow{}, time.UTC)
		if err != nil || opened.After(closed) {
			t.Errorf("%v %v %v", opened, closed, err)
		}
		if _, err := cutTorn(path); err != nil {
			t.Error(err)
		}
		if left := must(os.ReadFile(path)); !bytes.HasPrefix(text, left) || len(left) > 0 && left[len(left)-1] != '\n' ||
			bytes.IndexByte(text[len(left):], '\n') >= 0 {
			t.Errorf("left of %q is %q", text, left)
		}
	})
}
