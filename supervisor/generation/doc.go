// Package generation keeps what was deployed, so that it can be deployed again:
//
//	generations/<digest>/        the files of a generation, for the owner alone
//	generations/sites/<digest>/  a tree of site scripts, for whoever runs Zeek
//	generations/current          a link to the generation that was deployed last
//	generations/history.jsonl    who deployed what, when, and how it went
//	generations/.stage-*         what somebody is writing, or was when he was killed
//
// A name is the digest of the content below it. It is checked whenever something is
// read, so what comes out is what went in, or an error. Something appears under its
// name by one rename, after every byte of it is on the disk: whoever is killed, or
// loses power, at whatever moment leaves old or new, and rubbish in .stage-* that the
// next one sweeps.
//
// The package knows files and nothing of what is in them: package supervisor decides
// what a generation consists of, which is current and which are still needed.
//
// Who stages holds a shared lock on the directory, who removes an exclusive one, for
// which it never waits. Nobody who only reads needs any.
package generation
