package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/bots/script"
)

// workerName is the hidden command that is the process of a script's worker.
const workerName = "script-worker"

// workerCmd is what roost starts of itself for a script that others wrote.
func workerCmd() *cobra.Command {
	return &cobra.Command{
		Use:    workerName,
		Short:  "Run a script in this process, for the Roost that started it",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if code := script.WorkerMain(os.Stdin, os.Stdout); code != 0 {
				return &exit{code: code}
			}
			return nil
		},
	}
}

// workerLine is the command line that starts a worker.
func workerLine() ([]string, error) {
	self, err := os.Executable()
	return []string{self, workerName}, err
}
