// Package e2e holds the proof that the built command does what its help says: the binary as a child process, a
// configuration file, and simulated platforms in the test's own process.
package e2e
