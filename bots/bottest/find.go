package bottest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// manifest is what makes a folder a program that is a bot.
const manifest = "plugin.yaml"

// botOf is the path of a transcript's bot: the one that it names, or that lies beside it; otherwise the transcript's own
// path without .chat.
func botOf(t *Transcript) string {
	if t.set.bot != "" {
		return beside(t.Name, t.set.bot)
	}
	bare := strings.TrimSuffix(t.Name, suffix)
	folder := filepath.Dir(t.Name)
	for name := filepath.Base(bare); ; {
		for _, ext := range []string{".star", ".yaml"} {
			if path := filepath.Join(folder, name+ext); is(path) {
				return path
			}
		}
		if path := filepath.Join(folder, name); is(filepath.Join(path, manifest)) {
			return path
		}
		i := strings.LastIndexByte(name, '-')
		if i <= 0 {
			break
		}
		name = name[:i]
	}
	if is(filepath.Join(folder, manifest)) {
		return folder
	}
	if path := onlyBot(folder); path != "" {
		return path
	}
	return bare
}

// onlyBot is the bot of a folder that has one.
func onlyBot(folder string) string {
	var found []string
	for _, ext := range []string{"*.star", "*.yaml"} {
		files, err := filepath.Glob(filepath.Join(folder, ext))
		if err != nil {
			return ""
		}
		found = append(found, files...)
	}
	if len(slices.Compact(found)) == 1 {
		return found[0]
	}
	return ""
}

// beside is a path that is meant from the folder of another one.
func beside(path, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(path), filepath.FromSlash(name))
}

func is(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
