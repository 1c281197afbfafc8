// Package dm is what classic and encrypted direct messages of X have in common: who and where people are, how a text and a file
// must be, and what was handed over already.
package dm
