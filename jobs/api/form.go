package api

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers/lang"
)

// form is a multipart body: one part that says what is to be done, fields, and
// documents.
type form struct {
	main string // the file in the uploadDir
	name string // its file name, as the client gave it

	said *Sending // what its fields say; nil: there may be none
	seen map[string]bool
}

// Bounds of a form. Choices.
const (
	maxField    = 4 << 10 // bytes of a field
	maxPartName = 1 << 10 // bytes of a part's file name
	maxParts    = 3000
	maxEpilogue = 4 << 10 // bytes after the last part
)

// multipart keeps all parts. The part called main is the one that the others are for;
// every other part with a file name is a document under that name; parts without one
// are fields, of what may be said.
func (s *uploadDir) multipart(r *http.Request, main string, mostMain int64, said *Sending) (*form, error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, told(http.StatusBadRequest, lang.Of("the body is not multipart/form-data with a boundary"))
	}
	f := &form{said: said, seen: map[string]bool{}}
	for range maxParts {
		part, err := reader.NextRawPart()
		if err == io.EOF { // wrapped, it would be an end before the last boundary
			if f.main == "" {
				return nil, problem(http.StatusBadRequest, "the part "+main+" is missing")
			}
			io.CopyN(io.Discard, r.Body, maxEpilogue) // so that the connection can be used again
			return f, nil
		}
		if err != nil {
			return nil, broken(err)
		}
		if err := s.take(f, part, main, mostMain); err != nil {
			return nil, err
		}
	}
	return nil, problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d parts: send the campaign in several requests", maxParts))
}

func (s *uploadDir) take(f *form, part *multipart.Part, main string, mostMain int64) error {
	name, file := disposition(part)
	if len(file) > maxPartName {
		return problem(http.StatusBadRequest, "a part's file name is too long")
	}
	if name == main && f.main == "" {
		own, err := s.keep(&limited{in: part, left: mostMain, too: tooMuchOf("the part "+main, mostMain)}, "")
		if err != nil {
			return broken(err)
		}
		f.main, f.name = own, file
		return nil
	}
	if file != "" {
		clean, ok := cleanName(file)
		if !ok || !utf8.ValidString(clean) {
			return problem(http.StatusBadRequest, "a part has no usable file name")
		}
		if _, twice := s.parts[clean]; twice {
			return problem(http.StatusBadRequest, "two parts have the same file name: the documents would be confused")
		}
		own, err := s.keep(part, clean)
		if err != nil {
			return broken(err)
		}
		s.parts[clean] = own
		return nil
	}
	if f.said == nil {
		return problem(http.StatusBadRequest, "a part without a file name, beside the part "+main)
	}
	value, err := fieldValue(part, name)
	if err != nil {
		return err
	}
	known, err := f.said.set(f.seen, name, value)
	if err == nil && !known {
		names := slices.Sorted(maps.Keys(f.said.fields()))
		err = problem(http.StatusBadRequest, "a part without a file name must be one of the fields "+strings.Join(names, ", ")+", "+mapField)
	}
	return err
}

// fieldValue is a field's value.
func fieldValue(part *multipart.Part, name string) (string, error) {
	value, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return "", broken(err)
	}
	if len(value) > maxField {
		return "", problem(http.StatusBadRequest, "the field "+short(name)+" is too long")
	}
	return string(value), nil
}

// disposition is a part's name, and its file name with its folders: mime/multipart cuts
// them off. Some programs write a Windows path without quotes, which is no MIME.
func disposition(part *multipart.Part) (name, file string) {
	header := part.Header.Get("Content-Disposition")
	if _, params, err := mime.ParseMediaType(header); err == nil {
		return params["name"], params["filename"]
	}
	params := map[string]string{}
	for param := range strings.SplitSeq(header, ";") {
		if key, value, ok := strings.Cut(param, "="); ok {
			params[strings.ToLower(strings.TrimSpace(key))] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return params["name"], params["filename"]
}

// campaignNamed is the campaign that a file is named after, wherever it lay.
func campaignNamed(file string) string {
	return campaign.Name(path.Base(strings.ReplaceAll(file, `\`, "/")))
}

// broken is a body that could not be read to its end; other errors stay what they are.
func broken(err error) error {
	if _, ok := errors.AsType[*Problem](err); ok {
		return err
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*os.PathError](err); ok {
		return err
	}
	return told(http.StatusBadRequest, lang.Of("the body was cut or is malformed"))
}
