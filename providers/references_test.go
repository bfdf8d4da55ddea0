package providers_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers/registry"
)

var (
	// cited is one or several sections after a name or the word reference, or alone in a
	// file that belongs to one provider: "reference §4.1", "catalisa §8, §9", "(§A4)".
	cited   = regexp.MustCompile(`(?:(\w+) )?§((?:A?\d+(?:\.\d+)?)(?:(?:, | and | to )§?A?\d+(?:\.\d+)?)*)`)
	section = regexp.MustCompile(`A?\d+(?:\.\d+)?`)
	heading = regexp.MustCompile(`(?m)^#+ (A?\d+(?:\.\d+)?)\.? `)
	item    = regexp.MustCompile(`(?m)^(?:- |\| )?(\d+)(?:\.| \|) `)
)

// TestCitedSectionsExist wants every "§4.1" of the provider's code and of its simulator
// to be a section, or a numbered item of one, in the provider's REFERENCE.md.
func TestCitedSectionsExist(t *testing.T) {
	names := registry.Names()
	sections := map[string]map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(name + "/REFERENCE.md")
		if err != nil {
			t.Fatal(err)
		}
		sections[name] = sectionsOf(string(text))
	}
	found := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".go" || path.Base(file) == "references_test.go" {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, m := range cited.FindAllStringSubmatch(line, -1) {
				where := fmt.Sprintf("%s:%d", file, i+1)
				name := m[1]
				if !slices.Contains(names, name) {
					name = ownerOf(file, names)
				}
				if name == "" {
					t.Errorf("%s: §%s does not say of which provider", where, m[2])
					continue
				}
				for _, s := range section.FindAllString(m[2], -1) {
					found++
					if !sections[name][s] {
						t.Errorf("%s: %s/REFERENCE.md has no section %s", where, name, s)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no citation was found: the pattern is wrong")
	}
}

// ownerOf is the provider whose folder, or whose simulator, a file belongs to.
func ownerOf(file string, names []string) string {
	for _, name := range names {
		if strings.HasPrefix(file, name+"/") || strings.HasPrefix(file, "sandbox/"+name) {
			return name
		}
	}
	return ""
}

// sectionsOf are the numbered headings, and below each the numbered items.
func sectionsOf(text string) map[string]bool {
	all := map[string]bool{}
	places := heading.FindAllStringSubmatchIndex(text, -1)
	for i, at := range places {
		number := text[at[2]:at[3]]
		all[number] = true
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		for _, m := range item.FindAllStringSubmatch(text[at[1]:end], -1) {
			all[number+"."+m[1]] = true
		}
	}
	return all
}
