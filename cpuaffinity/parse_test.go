package cpuaffinity

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		want List
	}{
		{"", nil},
		{" \t\n", nil},
		{"0", List{0}},
		{"0-3,8", List{0, 1, 2, 3, 8}},
		{"0-3,8\n", List{0, 1, 2, 3, 8}},
		{" 4 ,\t2-3 , 0", List{4, 2, 3, 0}},
		{"0-14:2", List{0, 2, 4, 6, 8, 10, 12, 14}},
		{"0-8:3,10-11:1", List{0, 3, 6, 10, 11}},
		{"5-5", List{5}},
		{"1-3:65535", List{1}},
		{"0-4:2,1-5:2", List{0, 2, 4, 1, 3, 5}},
		{"007", List{7}},
		{"1023-1025,65535", List{1023, 1024, 1025, 65535}},
	} {
		got, err := Parse(tc.text)
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("Parse(%q) = %v, %v, want %v", tc.text, []int(got), err, []int(tc.want))
		}
	}
	if got, _ := Parse(" "); got != nil {
		t.Errorf("Parse of blanks = %#v, want the nil List", got)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	const want = "want a CPU number (4), a range (0-3) or a range with a stride (0-14:2)"
	for _, tc := range []struct{ text, err string }{
		{"x", `item 1 ("x", column 1): ` + want},
		{"0-3, 5x", `item 2 ("5x", column 6): ` + want},
		{"0 1", `item 1 ("0 1", column 1): ` + want},
		{"0 - 1", `item 1 ("0 - 1", column 1): ` + want},
		{"-1", `item 1 ("-1", column 1): ` + want},
		{"+1", `item 1 ("+1", column 1): ` + want},
		{"1-", `item 1 ("1-", column 1): ` + want},
		{"1-2-3", `item 1 ("1-2-3", column 1): ` + want},
		{"0-3:", `item 1 ("0-3:", column 1): ` + want},
		{"4:2", `item 1 ("4:2", column 1): ` + want},
		{"0-7:1:1", `item 1 ("0-7:1:1", column 1): ` + want},
		{"0x10", `item 1 ("0x10", column 1): ` + want},
		{"٣", `item 1 ("٣", column 1): ` + want},
		{"auto", `item 1 ("auto", column 1): ` + want},
		{",", "item 1 (column 1) is empty: write a CPU number or remove the comma"},
		{"1,,2", "item 2 (column 3) is empty: write a CPU number or remove the comma"},
		{"1, ", "item 2 (column 3) is empty: write a CPU number or remove the comma"},
		{"0-3,2", `item 2 ("2", column 5): CPU 2 is in item 1 already: name each CPU once`},
		{"7,0-15:7", `item 2 ("0-15:7", column 3): CPU 7 is in item 1 already: name each CPU once`},
		{"3-0", `item 1 ("3-0", column 1): the range is reversed: write 0-3`},
		{"0-3:0", `item 1 ("0-3:0", column 1): a stride of 0 never ends: write 0-3:1 or more`},
		{"0-4294967295", `item 1 ("0-4294967295", column 1): 4294967295 is too large: CPU numbers go up to 65535`},
		{"65536", `item 1 ("65536", column 1): 65536 is too large: CPU numbers go up to 65535`},
		{"0-1:65536", `item 1 ("0-1:65536", column 1): 65536 is too large: CPU numbers go up to 65535`},
		{"99999999999999999999", `item 1 ("99999999999999999999", column 1): 99999999999999999999 is too large: CPU numbers go up to 65535`},
	} {
		got, err := Parse(tc.text)
		if err == nil || err.Error() != "cannot parse CPU list: "+tc.err || got != nil {
			t.Errorf("Parse(%q) = %v, %v\nwant the error: cannot parse CPU list: %s", tc.text, got, err, tc.err)
		}
	}
	if _, err := Parse(strings.Repeat("9", 1<<20)); err == nil || len(err.Error()) > 300 {
		t.Errorf("a long item makes a long error: %.400v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "0-3,8", " 0-14:2 , 1", "3-0", "0-4294967295", "0-65535", "1,,2", "0-3:0", "٣", "1-2-3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Parse(text)
		if err != nil {
			if list != nil || !strings.HasPrefix(err.Error(), "cannot parse CPU list: item ") {
				t.Errorf("Parse(%q) = %v, %v", text, list, err)
			}
			return
		}
		seen := make(map[int]bool)
		for _, cpu := range list {
			if cpu < 0 || cpu > MaxCPU || seen[cpu] {
				t.Fatalf("Parse(%q) has CPU %d out of bounds or twice", text, cpu)
			}
			seen[cpu] = true
		}
		again, err := Parse(list.String())
		if err != nil || !slices.Equal(again, list) {
			t.Errorf("Parse(%q) = %v, but Parse(%q) = %v, %v", text, list, list.String(), again, err)
		}
	})
}
