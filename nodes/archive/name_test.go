package archive

import (
	"strings"
	"testing"
	"time"
)

func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s, time.UTC)
	if err != nil {
		panic(err)
	}
	return t
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    Name
		path    string
		rotated string
	}{
		{Name{Stream: "conn", Open: at("2026-11-25 13:00:00"), Close: at("2026-11-25 14:00:00"), Ext: ".log.gz"},
			"2026-11-25/conn.13:00:00-14:00:00.log.gz", "conn__2026-11-25-13-00-00__2026-11-25-14-00-00__.log.gz"},
		{Name{Stream: "known_hosts", Open: at("2026-11-25 23:00:00"), Close: at("2026-11-26 00:00:00"), Suffix: "logger-1", Ext: ".log"},
			"2026-11-25/known_hosts.23:00:00-00:00:00-logger-1.log", "known_hosts__2026-11-25-23-00-00__2026-11-26-00-00-00__log_suffix=logger-1__.log"},
		{Name{Stream: "conn", Open: at("2026-12-31 23:59:59"), Close: at("2026-12-31 23:59:59"), Counter: 2, Ext: ".log.zst"},
			"2026-12-31/conn.23:59:59-23:59:59.2.log.zst", "conn__2026-12-31-23-59-59__2026-12-31-23-59-59__n=2__.log.zst"},
		{Name{Stream: "a.b-c", Open: at("2026-01-02 03:04:05"), Close: at("2026-01-02 03:04:06"), Suffix: "logger-10-2", Counter: 13, Ext: ".log"},
			"2026-01-02/a.b-c.03:04:05-03:04:06-logger-10-2.13.log", "a.b-c__2026-01-02-03-04-05__2026-01-02-03-04-06__log_suffix=logger-10-2,n=13__.log"},
	} {
		if got := c.name.Path(); got != c.path {
			t.Errorf("path %q, want %q", got, c.path)
		}
		day, file, _ := strings.Cut(c.path, "/")
		if got, ok := ParseName(day, file, time.UTC); !ok || got != c.name {
			t.Errorf("%q parsed: %+v %v, want %+v", c.path, got, ok, c.name)
		}
		if got := c.name.Rotated(); got != c.rotated {
			t.Errorf("rotated %q, want %q", got, c.rotated)
		}
		if got, ok := ParseRotated(c.rotated, time.UTC); !ok || got != c.name {
			t.Errorf("%q parsed: %+v %v, want %+v", c.rotated, got, ok, c.name)
		}
	}
}

func TestNoNames(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"", "conn.log", "conn.log.gz", ".tmp.conn.13:00:00-14:00:00.log", ".13:00:00-14:00:00.log", "conn.13:00:00.log", "conn.25:00:00-26:00:00.log", "conn.13:00:00-14:00:00x.log",
		"conn.13:00:00-14:00:00-.log", "conn.13:00:00-14:00:00.02.log", "conn.13:00:00-14:00:00.2.3.log",
		"conn.13:00:00-14:00:00.99999.log", "13:00:00-14:00:00.log", tempPrefix + "0123456789abcdef", "conn.13:00:00-14:00:00.lo/g",
	} {
		if n, ok := ParseName("2026-11-25", file, time.UTC); ok {
			t.Errorf("%q is taken for %+v", file, n)
		}
	}
	if n, ok := ParseName("2026-13-25", "conn.13:00:00-14:00:00.log", time.UTC); ok {
		t.Errorf("a month 13: %+v", n)
	}
}

// A node may have any name; what it gets as a suffix is read back.
func TestSuffix(t *testing.T) {
	t.Parallel()
	for node, want := range map[string]string{
		"": "", "logger-1": "logger-1", "logger_1": "logger_1", "log__1": "log--1", "a___": "a---", "x_": "x-",
		"a.b/c,d=e": "a-b-c-d-e", " l ": "l",
	} {
		if got := Suffix(node); got != want || Suffix(got) != got {
			t.Errorf("suffix of %q is %q, then %q, want %q", node, got, Suffix(got), want)
		}
	}
}

// Whatever is accepted in a name is read back from both forms of it.
func FuzzNames(f *testing.F) {
	f.Add("conn", int64(1764075600), int64(3600), "logger-1", 0, ".log.gz")
	f.Add("a__b.13:00:00-14:00:00", int64(1764075600), int64(86399), "x", 7, ".json")
	f.Add("x_", int64(0), int64(0), "", 1, "")
	f.Add("n__2026-11-25-13-00-00__2026-11-25-13-00-00__", int64(1), int64(2), "l_o", 3, ".a.1")
	f.Fuzz(func(t *testing.T, stream string, open, seconds int64, suffix string, counter int, ext string) {
		// Years of four digits, and logs that are open for less than a day.
		start := time.Unix(open&0x1fffffffff%250e9, 0).UTC()
		n := Name{Stream: stream, Open: start, Close: start.Add(time.Duration(seconds&0xffff) * time.Second),
			Suffix: Suffix(suffix), Counter: counter, Ext: ext}
		if n.check() != nil {
			t.Skip()
		}
		if got, ok := ParseName(n.Day(), n.File(), time.UTC); !ok || got != n {
			t.Errorf("%q parsed: %+v %v, want %+v", n.Path(), got, ok, n)
		}
		if got, ok := ParseRotated(n.Rotated(), time.UTC); !ok || got != n {
			t.Errorf("%q parsed: %+v %v, want %+v", n.Rotated(), got, ok, n)
		}
	})
}

// Reading any name gives no name or one that is written the same.
func FuzzParse(f *testing.F) {
	f.Add("conn.13:00:00-14:00:00-logger-1.2.log.gz")
	f.Add("conn__2026-11-25-13-00-00__2026-11-25-14-00-00__log_suffix=l,n=2__.log")
	f.Fuzz(func(t *testing.T, file string) {
		if n, ok := ParseName("2026-11-25", file, time.UTC); ok && n.File() != file {
			t.Errorf("%q is written %q", file, n.File())
		}
		if n, ok := ParseRotated(file, time.UTC); ok {
			if again, ok := ParseRotated(n.Rotated(), time.UTC); !ok || again != n {
				t.Errorf("%q is read as %+v, then %+v", file, n, again)
			}
		}
	})
}
