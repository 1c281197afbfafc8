// Package browser holds the proof that a person can play the sandbox: the built command as a child process, its page in a
// real browser, and hands that press what is shown and type where one can type.
package browser
