package report

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/providers/lang"
)

// Name is a pattern for names of files, such as "{signer1.name} {id}.pdf". The zero value is none.
type Name struct{ pattern string }

// Lacks are the words without which two files may have one name.
func (n Name) Lacks() (words []string) {
	for _, word := range []string{"{kind}", "{id}"} {
		if n.pattern != "" && !strings.Contains(n.pattern, word) {
			words = append(words, word)
		}
	}
	return words
}

// ParseName reads a pattern.
func ParseName(s string) (Name, error) {
	for rest := s; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			break
		}
		word, behind, ok := strings.Cut(after, "}")
		if _, known := (Report{}).word(word, ""); !ok || !known {
			return Name{}, lang.Errorf("{%.40s} is not known: %w", word, errPattern)
		}
		rest = behind
	}
	if s != "" && !strings.Contains(s, "{") {
		return Name{}, lang.Errorf("the name would be the same for every file: %w", errPattern)
	}
	return Name{s}, nil
}

// plainEnding is one that no system takes for more than a file's ending.
var plainEnding = regexp.MustCompile(`^\.[A-Za-z0-9]{1,8}$`)

// of is the name of an artifact, with its own ending.
func (n Name) of(r Report, a ArchivedArtifact) string {
	if n.pattern == "" {
		return safePath(r.ID + "/" + path.Base(a.Path))
	}
	var b strings.Builder
	for rest := n.pattern; ; {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		if !ok {
			break
		}
		word, behind, _ := strings.Cut(after, "}")
		value, _ := r.word(word, string(a.Kind))
		b.WriteString(strings.NewReplacer("/", "-", `\`, "-").Replace(value)) // no folder of its own
		rest = behind
	}
	ext := path.Ext(a.Path)
	if !plainEnding.MatchString(ext) {
		ext = ""
	}
	name := b.String()
	for _, e := range []string{ext, ".pdf", ".zip", ".jpg"} {
		if len(name) > len(e) && strings.EqualFold(name[len(name)-len(e):], e) {
			name = name[:len(name)-len(e)]
			break
		}
	}
	return safePath(name) + ext
}

// word is a report's value of a word in braces; false for one that is not known.
func (r Report) word(word, kind string) (string, bool) {
	switch word {
	case "id":
		return r.ID, true
	case "kind":
		return kind, true
	case "subject":
		return r.Subject, true
	case "provider":
		return r.Provider, true
	case "campaign":
		return r.Campaign, true
	}
	group, key, _ := strings.Cut(word, ".")
	if group == "meta" && key != "" {
		return r.Meta[key], true
	}
	number, ok := strings.CutPrefix(group, "signer")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || key != "name" && key != "email" {
		return "", false
	}
	if n > len(r.Signers) {
		return "", true
	}
	if key == "email" {
		return r.Signers[n-1].Email, true
	}
	return r.Signers[n-1].Name, true
}

// The longest part of a path: in characters, for Windows takes 255 for all of it together, and in
// bytes, of which others take 255 in one part.
const (
	maxName      = 100
	maxNameBytes = 200
)

// safePath is a path that every system takes, and that stays below the folder it is put in.
func safePath(s string) string {
	var parts []string
	for part := range strings.SplitSeq(strings.ReplaceAll(s, `\`, "/"), "/") {
		if part = safeName(part); part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "file"
	}
	return strings.Join(parts, "/")
}

func safeName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r):
			return '-'
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, norm.NFC.String(s))
	if runes := []rune(s); len(runes) > maxName {
		s = string(runes[:maxName])
	}
	if len(s) > maxNameBytes {
		s = strings.ToValidUTF8(s[:maxNameBytes], "") // without the half of a letter
	}
	if s = strings.Trim(s, ". "); isDevice(s) {
		s = "_" + s
	}
	return s
}

// isDevice tells names by which Windows opens a device, whatever comes after a dot, with blanks
// before the dot too. The digits of COM and LPT may be raised ones.
func isDevice(s string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(s), ".")
	switch stem = strings.TrimRight(stem, " "); stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		port, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && utf8.RuneCountInString(port) == 1 && strings.ContainsAny(port, "0123456789¹²³")
}

// taken is which names have been given, as file systems without case see them.
type taken struct {
	files, folders map[string]bool
	numbers        map[string]int // the last that was given to files or folders of a name
}

// newTaken has the names that a download needs itself.
func newTaken() taken {
	return taken{files: map[string]bool{"index.csv": true, "missing.txt": true}, folders: map[string]bool{}, numbers: map[string]int{}}
}

// free numbers what is taken of a path: another file's name, a folder's that is one of a file, and a
// file's that is one of a folder.
func (t taken) free(name string) string {
	folder := ""
	for {
		part, rest, more := strings.Cut(name, "/")
		if !more {
			whole := t.number(folder, part, func(key string) bool { return t.files[key] || t.folders[key] })
			t.files[strings.ToLower(whole)] = true
			return whole
		}
		whole := t.number(folder, part, func(key string) bool { return t.files[key] })
		t.folders[strings.ToLower(whole)] = true
		folder, name = whole+"/", rest
	}
}

func (t taken) number(folder, part string, taken func(key string) bool) string {
	whole, ext := folder+part, path.Ext(part)
	first := strings.ToLower(whole)
	for n := max(2, t.numbers[first]); taken(strings.ToLower(whole)); n++ {
		whole = fmt.Sprintf("%s%s (%d)%s", folder, strings.TrimSuffix(part, ext), n, ext)
		t.numbers[first] = n
	}
	return whole
}
