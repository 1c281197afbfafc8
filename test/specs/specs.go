// Package specs finds the specs folder: descriptions and recordings that the platforms publish, of which not all may be
// copied, so that they are no part of this project. Tests hold the code against them where they are, and skip with
// Absent where they are not.
package specs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Absent is what a test says when it skips because the folder, or what it needs of it, is not there.
const Absent = "specs folder not present"

// Find gives the path of a file or folder in the specs folder: the one that the variable ROOST_SPECS names, otherwise one
// called specs or shared/specs in or above the working directory. errors.Is with fs.ErrNotExist tells that there is none.
func Find(elem ...string) (string, error) {
	name := filepath.Join(elem...)
	if dir := os.Getenv("ROOST_SPECS"); dir != "" {
		path := filepath.Join(dir, name)
		_, err := os.Stat(path)
		return path, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		for _, folder := range []string{"specs", filepath.Join("shared", "specs")} {
			path := filepath.Join(dir, folder, name)
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				return path, err
			}
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		dir = above
	}
}
