// Package fill writes values into documents: into the form of a PDF, which is then part of
// the page, and into the placeholders {{name}} of a DOCX.
//
// The same document with the same values has the same bytes, in every process and at every
// time: nothing is compressed anew, and no time and no random number is written. What a
// document is not able to show is refused, never replaced.
package fill

import (
	"maps"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs/intake/filetype"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// MaxSize is how many bytes a document may have that is filled: all of it is in memory then.
const MaxSize = 20 << 20

// maxUnpacked is how many bytes of a document are unpacked at most.
const maxUnpacked = 64 << 20

// maxFields is how many fields or placeholders a document may have.
const maxFields = 5000

// ErrNoForm tells a document that has nothing to be filled.
var ErrNoForm = lang.Errorf("has no form to fill: no fields of a PDF form, and no {{name}} in a DOCX")

// Filled is a document with its values.
type Filled struct {
	Content  []byte
	Names    []string           // of its fields, sorted
	Problems providers.Problems // by column; with any, there is no content
}

// Document fills a document of a MIME type. Values whose names it does not have are left
// alone; fields that have no value are problems.
func Document(mime string, content []byte, values map[string]string) (f Filled, err error) {
	// The parsers read what somebody else has made; a mistake of theirs is not to end the
	// process with all its other envelopes.
	defer func() {
		if r := recover(); r != nil {
			f, err = Filled{}, lang.Errorf("its form cannot be read: save the document again with another program")
		}
	}()
	if len(content) > MaxSize {
		return Filled{}, lang.Errorf("has more than %d MB, too much to be filled", MaxSize>>20)
	}
	switch mime {
	case filetype.PDF:
		return fillPDF(content, values)
	case filetype.DOCX:
		return fillDOCX(content, values)
	}
	return Filled{}, ErrNoForm
}

// finish is a filled document: without content when something is wrong with it.
func finish(names map[string]bool, problems providers.Problems, content func() ([]byte, error)) (Filled, error) {
	if len(names) == 0 {
		return Filled{}, ErrNoForm
	}
	f := Filled{Names: slices.Sorted(maps.Keys(names)), Problems: problems}
	if len(problems) > 0 {
		return f, nil
	}
	var err error
	f.Content, err = content()
	return f, err
}

// missing is the problem of a field without a value.
func missing(problems *providers.Problems, name string) {
	problems.Add("field."+name, "is a field of the document and has no value here: fill it in")
}

// lines are a value's lines, whichever way they end.
func lines(value string) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(value), "\n")
}
