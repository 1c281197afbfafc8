// Package strict reads YAML of people strictly, and says where things stand in it.
//
//	bytes → tokens (bounded; no anchors, no tags) → one document → Value with its Spot → Fault
//
// A File is what a file may be and what is wrong with it: one reads it with Parse, walks through the Values that it is made
// of, reports what does not fit with Fault, and takes all that was reported from Err. What the keys and words of a file mean
// is its reader's business; this package knows only what is the same in every file of ours.
//
// We chose go-yaml's tokens and tree, not its decoder, because that one stops at the first fault and prints the source
// around it, secrets included; it costs us a walk of our own.
package strict
