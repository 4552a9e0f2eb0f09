package cpuaffinity

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestListString(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		list List
		want string
	}{
		{nil, ""},
		{List{7}, "7"},
		{List{0, 1}, "0-1"},
		{List{0, 1, 2, 3, 8}, "0-3,8"},
		{List{0, 2, 4}, "0,2,4"},
		{List{3, 2, 1}, "3,2,1"},
		{List{8, 0, 1, 9}, "8,0-1,9"},
		{List{1022, 1023, 1024, 4095}, "1022-1024,4095"},
		{List{-2, 7, 7}, "-2,7,7"}, // no list, but no harm
	} {
		if got := tc.list.String(); got != tc.want {
			t.Errorf("List(%v).String() = %q, want %q", []int(tc.list), got, tc.want)
		}
	}
}

func TestListSets(t *testing.T) {
	t.Parallel()
	l, other := List{8, 0, 1, 2}, List{2, 3, 8}
	for _, tc := range []struct {
		name      string
		got, want List
	}{
		{"Sorted", l.Sorted(), List{0, 1, 2, 8}},
		{"Intersect", l.Intersect(other), List{8, 2}},
		{"Minus", l.Minus(other), List{0, 1}},
		{"Union", l.Union(other), List{8, 0, 1, 2, 3}},
		{"Intersect with nothing", l.Intersect(nil), nil},
		{"Minus nothing", l.Minus(nil), l},
		{"Union with nothing", List(nil).Union(l), l},
		{"l itself is untouched", l, List{8, 0, 1, 2}},
	} {
		if !slices.Equal(tc.got, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, []int(tc.got), []int(tc.want))
		}
	}
	if !l.Contains(8) || l.Contains(3) {
		t.Errorf("%v: Contains(8), Contains(3) = %t, %t, want true, false", l, l.Contains(8), l.Contains(3))
	}
}

func TestListSameSet(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b List
		want bool
	}{
		{nil, List{}, true},
		{List{3, 1}, List{1, 3}, true},
		{List{1}, List{1, 3}, false},
		{List{1, 3}, List{1, 2}, false},
		{List{1, 3}, nil, false},
	} {
		if got := tc.a.SameSet(tc.b); got != tc.want {
			t.Errorf("%v.SameSet(%v) = %t", []int(tc.a), []int(tc.b), got)
		}
		if got := tc.b.SameSet(tc.a); got != tc.want {
			t.Errorf("%v.SameSet(%v) = %t", []int(tc.b), []int(tc.a), got)
		}
	}
}

func TestListJSON(t *testing.T) {
	t.Parallel()
	type doc struct{ CPUs List }
	text, err := json.Marshal([]doc{{List{0, 1, 2, 3, 8}}, {nil}})
	if want := `[{"CPUs":"0-3,8"},{"CPUs":""}]`; err != nil || string(text) != want {
		t.Errorf("Marshal = %s, %v, want %s", text, err, want)
	}
	got := doc{List{1}}
	if err := json.Unmarshal([]byte(`{"CPUs":"0-4:2"}`), &got); err != nil || !slices.Equal(got.CPUs, List{0, 2, 4}) {
		t.Errorf("Unmarshal = %v, %v, want 0,2,4", got.CPUs, err)
	}
	if err := json.Unmarshal([]byte(`{"CPUs":"4-"}`), &got); err == nil || !slices.Equal(got.CPUs, List{0, 2, 4}) {
		t.Errorf("Unmarshal of garbage = %v, %v, want an error and 0,2,4 untouched", got.CPUs, err)
	}
}
