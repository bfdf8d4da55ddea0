package intake

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

func (c *checker) id(id *string) {
	given := *id
	if *id = providers.Trim(given); c.empty("id", given, *id) || ValidID(*id) {
		return
	}
	if strings.EqualFold(*id, archive.Index) {
		c.add("id", "%s is the name of the list of files in the archive: choose another id", archive.Index)
		return
	}
	if wrong := separators(*id); len(wrong) > 0 {
		c.add("id", "an id may not hold %v: put - in its place in the whole column, with find and replace", lang.Join(wrong, ", "))
		return
	}
	for i, r := range []rune(*id) {
		if r > unicode.MaxASCII || !nameRune(r) {
			c.add("id", "must be 1 to %d letters without accents, digits, dots, underscores or hyphens: character %d is %s", maxID, i+1, providers.Character(r))
			return
		}
	}
	c.add("id", "must be 1 to %d letters without accents, digits, dots, underscores or hyphens", maxID)
}

// separators are the characters for which a number such as 2026/001 or CT 12 is no id, where it is
// one with a hyphen for each. What is wrong says nothing of the row, so that a column has one mistake
// and one cure. For a name or an address there are none: its blanks are not to be replaced. An id is
// never changed by itself: two of them could become the same.
func separators(id string) (wrong []lang.Text) {
	separator := func(r rune) bool { return strings.ContainsRune(`/\:#, `, r) }
	for word := range strings.FieldsFuncSeq(id, separator) {
		if !strings.ContainsFunc(word, unicode.IsDigit) && !shortCode.MatchString(word) {
			return nil
		}
	}
	hyphened := strings.Map(func(r rune) rune {
		if separator(r) {
			return '-'
		}
		return r
	}, id)
	if !strings.ContainsFunc(id, unicode.IsDigit) || !ValidID(hyphened) {
		return nil
	}
	for _, r := range `/\:#, ` {
		switch {
		case !strings.ContainsRune(id, r):
		case r == ' ':
			wrong = append(wrong, lang.Of("a blank"))
		default:
			wrong = append(wrong, lang.Plain(string(r)))
		}
	}
	return wrong
}

var shortCode = regexp.MustCompile(`^[A-Z]{1,4}$`)
