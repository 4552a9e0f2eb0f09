package process

import (
	"slices"
	"testing"
)

// TestFind shows that processes are found by an entry of the environment they
// were born with, if they lead a session and live, and that they come with what
// they were started as.
func TestFind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() // in no other test
	entry := "PROCESS_TEST_FIND=" + dir
	begin := func(script string, env ...string) *running {
		c := sh(script, "sh", "", "two words")
		c.Env = append(c.Env, env...)
		return launch(t, c)
	}
	const stay = "sleep 1000 & echo child $!; wait"
	one := begin(stay, "A=", entry)
	one.pid("child") // which has the entry, too, but leads nothing
	two := begin(stay, entry, "B=x\ny", "PROCESS_TEST_FIND=last")
	begin(stay)
	begin(stay, entry+"/below")
	begin(stay, "PROCESS_TEST_FIND=")
	begin(stay, "X"+entry)
	begin(stay, "X=a\n"+entry)
	begin("export "+entry+"; "+stay, "Y=z").pid("child") // was not born with it
	zombie := begin("exit 0", entry)
	eventually(t, "it is a zombie", func() bool { return !zombie.id.Alive() })
	begin("exit 0", entry).wait()

	found, err := Find(entry)
	if err != nil {
		t.Fatal(err)
	}
	want := []*running{one, two}
	for _, r := range want {
		i := slices.IndexFunc(found, func(f Found) bool { return f.ID == r.id })
		if i < 0 {
			t.Errorf("process %d was not found", r.id.PID)
			continue
		}
		if f := found[i]; !slices.Equal(f.Argv, r.command.Argv) || !slices.Equal(f.Env, r.command.Env) {
			t.Errorf("found %q with %q\nstarted %q with %q", f.Argv, f.Env, r.command.Argv, r.command.Env)
		}
	}
	if len(found) != len(want) {
		t.Errorf("found %+v", found)
	}
	if found, err := Find("PROCESS_TEST_FIND"); len(found) > 0 || err != nil {
		t.Errorf("by a mere name: %+v", found)
	}
	if found, err := Find(""); len(found) > 0 || err != nil {
		t.Errorf("by nothing: %+v", found)
	}
}

// TestFindWhileItExecutes: a process that executes one program after the other is found
// whenever one looks, though the kernel shows no environment of it in between.
func TestFindWhileItExecutes(t *testing.T) {
	t.Parallel()
	entry := "PROCESS_TEST_FIND=" + t.TempDir()
	c := sh(`exec "$0" -c "$1" "$0" "$1"`, "/bin/sh", `exec "$0" -c "$1" "$0" "$1"`)
	c.Env = append(c.Env, entry)
	restless := launch(t, c)
	for range 300 { // without care one of the first twenty fails
		found, err := Find(entry)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 || found[0].ID != restless.id {
			t.Fatalf("process %d was not found: %+v", restless.id.PID, found)
		}
	}
}
