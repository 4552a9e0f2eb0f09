package store

import (
	"reflect"
	"testing"
)

// TestSee: stores are known by what is subscribed for them, whatever they are called.
func TestSee(t *testing.T) {
	t.Parallel()
	odd := "a/b %41\x00ü"
	var topics []string
	for _, name := range []string{"z", odd} {
		topics = append(topics, topicsOf(name).clones, topicsOf(name).master)
	}
	topics = append(topics, topicsOf("z").clone("node_1/4"), topicsOf("z").clone("node_2/1"), topicsOf("lost").clone("node_1/5"),
		"", "zctl/store", "zctl/store/", "zctl/store/x", "zctl/store//master", "zctl/stores/x/master", "zeek.cluster.worker")
	want := []Seen{
		{Name: odd, Master: true},
		{Name: "lost", Clones: []string{"node_1"}},
		{Name: "z", Master: true, Clones: []string{"node_1", "node_2"}},
	}
	if got := See(topics); !reflect.DeepEqual(got, want) {
		t.Errorf("seen %+v, want %+v", got, want)
	}
}
