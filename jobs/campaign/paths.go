package campaign

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// maxListed is how many files of a folder are looked at when a name is not found as it is
// written.
const maxListed = 100_000

// listing is a folder's files by their names without case, in NFC.
type listing map[string][]string

func folded(name string) string { return strings.ToLower(norm.NFC.String(name)) }

// spelled finds the path under which the file system has a file. Programs and systems
// write the same accents in two ways (NFC, NFD), which nobody can see: these are one name.
// A difference in case is a difference (a choice): such a path is returned with same
// false.
func (f *Folder) spelled(root *os.Root, name string) (found string, same bool) {
	found, same = ".", true
	for part := range strings.SplitSeq(name, "/") {
		names := f.list(root, found)[folded(part)]
		i := slices.IndexFunc(names, func(n string) bool { return norm.NFC.String(n) == norm.NFC.String(part) })
		switch {
		case len(names) == 0:
			return "", false
		case i < 0:
			i, same = 0, false
		}
		found = path.Join(found, names[i])
	}
	return found, same
}

// list remembers the last folder: the files of a campaign mostly stand in one.
func (f *Folder) list(root *os.Root, dir string) listing {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listed != nil && f.listedDir == dir {
		return f.listed
	}
	names := listing{}
	if file, err := root.Open(dir); err == nil {
		entries, _ := file.ReadDir(maxListed)
		file.Close()
		for _, e := range entries {
			key := folded(e.Name())
			names[key] = append(names[key], e.Name())
		}
	}
	f.listed, f.listedDir = names, dir
	return names
}

var (
	severalPaths = regexp.MustCompile(`(?i)\.[a-z]{3,4}\s*[;,]`)
	placeholder  = regexp.MustCompile(`^~|^\$|^%[^%/]+%`)
)

const absentFile = "there is no file %q below %v%v"

// absent says that a file is not there, and what was probably meant.
func (f *Folder) absent(root *os.Root, name string) error {
	f.mu.Lock()
	f.missed++
	f.mu.Unlock()
	hint := lang.Plain("")
	switch found, _ := f.spelled(root, name); {
	case found != "":
		hint = lang.Of("; %q is there, which differs in case", found)
	case strings.Trim(name, `"'`) != name:
		hint = lang.Of("; remove the quotes around the path")
	case severalPaths.MatchString(name):
		hint = lang.Of("; several documents are separated by |")
	case placeholder.MatchString(name):
		hint = lang.Of("; ~ and variables are not replaced by what they stand for")
	default:
		for _, other := range f.likely(name) {
			if found, _ := f.spelled(root, other); found != "" {
				hint = lang.Of("; %q is there", found)
				break
			}
		}
	}
	return lang.Errorf(absentFile, shorten(name), f.called, hint)
}

// likely are other ways to write a name.
func (f *Folder) likely(name string) []string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = providers.Trim(parts[i])
	}
	names := []string{path.Join(parts...), strings.TrimSuffix(name, path.Ext(name)), name + ".pdf"}
	if plain, err := url.PathUnescape(name); err == nil && fs.ValidPath(plain) {
		names = append(names, plain)
	}
	return slices.DeleteFunc(names, func(s string) bool { return s == name || !fs.ValidPath(s) })
}

// leadsOut tells whether a link in the path leaves the folder.
func (f *Folder) leadsOut(name string) bool {
	dir, err := filepath.EvalSymlinks(f.dir)
	if err != nil {
		return false
	}
	file, err := filepath.EvalSymlinks(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return false
	}
	below, err := filepath.Rel(dir, file)
	return err == nil && !filepath.IsLocal(below)
}
