package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/providers/lang"
)

// build is what the compiler has noted in the program.
type build struct {
	Version  string `json:"version"`            // of the module; devel: built from a checkout
	Revision string `json:"revision,omitempty"` // of the checkout
	Time     string `json:"time,omitempty"`     // of the revision
	Modified bool   `json:"modified,omitempty"` // the checkout had changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func readBuild() build {
	b := build{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := strings.Trim(info.Main.Version, "()"); v != "" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String is one line: chancela 1.2.3 (revision of time, with changes), go1.26 linux/amd64.
func (b build) String() string {
	s := "chancela " + b.Version
	if b.Revision != "" {
		s += fmt.Sprintf(" (%.12s of %s", b.Revision, b.Time)
		if b.Modified {
			s += ", with changes"
		}
		s += ")"
	}
	return s + ", " + b.Go + " " + b.Platform
}

func newVersion(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Version, revision and compiler of this program",
		Example: `  chancela version --json`,
		GroupID: groupServe,
		Args:    arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			b := readBuild()
			sys.come(b, lang.Plain(b.String()))
			return nil
		},
	}
}
