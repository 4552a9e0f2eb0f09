// Package cpuaffinity decides which CPUs a cluster node runs on, starts it there, and checks that it stayed.
//
// CPU lists flow in as text ("0-3,8") through [Parse], the host flows in through [ReadTopology], and the wishes of the
// nodes flow in as [Request] values; [Plan] turns them into one [Assignment] per node. [Pinned] then starts a process
// that is born with its CPUs, so that every thread it ever makes has them too, and [Verify] reads back what the kernel
// really allows each of its threads.
//
//	sysfs, cgroupfs -> ReadTopology -> Topology --+
//	cpus = "0-14:2" -> Parse -> List -> Request --+-> Plan -> Assignment -> Pinned
//	                                                             \-> Verify <- sched_getaffinity
//
// Plan is a pure function, and all files are read through an [io/fs.FS], so that a NUMA server can be tested on a
// laptop. The package never starts a process itself, never moves one that already runs (that would reach only some of
// its threads), never writes a file, and never puts two workers on one CPU without being told that it may.
package cpuaffinity
