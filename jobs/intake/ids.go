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
	for i, r := range []rune(*id) {
		if r <= unicode.MaxASCII && nameRune(r) {
			continue
		}
		if likely := likelyID(*id); likely != "" {
			c.add("id", "%v is not allowed in an id: write %s", seen(r), likely)
			return
		}
		c.add("id", "must be 1 to %d letters without accents, digits, dots, underscores or hyphens: character %d is %s", maxID, i+1, providers.Character(r))
		return
	}
	c.add("id", "must be 1 to %d letters without accents, digits, dots, underscores or hyphens", maxID)
}

// seen is a character as it is, or in words where it cannot be seen.
func seen(r rune) lang.Text {
	if r == ' ' {
		return lang.Of("a blank")
	}
	return lang.Plain(string(r))
}

// likelyID is an id as it could be written, where it is a number such as 2026/001 or CT 12:
// else it is empty, for a name or an address is not repeated. An id is never changed by itself:
// two of them could become the same.
func likelyID(id string) string {
	words := strings.FieldsFunc(id, func(r rune) bool { return strings.ContainsRune(`/\:# `, r) })
	for _, word := range words {
		if !strings.ContainsFunc(word, unicode.IsDigit) && !shortCode.MatchString(word) {
			return ""
		}
	}
	likely := strings.Join(words, "-")
	if !strings.ContainsFunc(likely, unicode.IsDigit) || !ValidID(likely) {
		return ""
	}
	return likely
}

var shortCode = regexp.MustCompile(`^[A-Z]{1,4}$`)
