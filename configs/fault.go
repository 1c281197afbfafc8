package configs

import "github.com/roost-im/roost/configs/strict"

// Fault is one thing that is wrong in a configuration, and its place. It never shows a secret.
type Fault = strict.Fault

// Faults lists the faults in an error of Load or Parse, wrapped or not, by line.
func Faults(err error) []*Fault { return strict.All[*Fault](err) }
