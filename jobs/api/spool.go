package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
)

// spool keeps one request's files in a folder of its own, which only this process's
// user may read, until the request ends. Only names are held in memory.
type spool struct {
	dir    string
	n      int
	parts  map[string]string // the file name that the client gave → the file's own
	folder *campaign.Folder
}

func newSpool(sources jobs.OpenSource) (*spool, error) {
	dir, err := os.MkdirTemp("", "chancela-upload-") // 0700
	if err != nil {
		return nil, fmt.Errorf("a folder for the upload: %w", err)
	}
	return &spool{dir: dir, parts: map[string]string{}, folder: campaign.NewFolder(dir, sources)}, nil
}

func (s *spool) close() { os.RemoveAll(s.dir) }

// ending is one that a file name's type is told from, and nothing else.
var ending = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)

// lifted is the name of a file that was kept without one.
var lifted = regexp.MustCompile(`^[0-9]+$`)

// keep stores content under a name of its own, with the ending of the given one.
func (s *spool) keep(content io.Reader, name string) (string, error) {
	ext := strings.ToLower(path.Ext(name))
	if !ending.MatchString(ext) {
		ext = ""
	}
	s.n++
	own := fmt.Sprintf("%d%s", s.n, ext)
	file, err := os.OpenFile(filepath.Join(s.dir, own), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("keeping the upload: %w", err)
	}
	_, err = io.Copy(file, content)
	if closing := file.Close(); err == nil {
		err = closing
	}
	return own, err
}

// lift keeps a JSON body without the files that stand in it, which are kept by
// themselves.
func (s *spool) lift(body io.Reader) (*os.File, error) {
	file, err := os.CreateTemp(s.dir, "json-") // 0600
	if err != nil {
		return nil, fmt.Errorf("keeping the upload: %w", err)
	}
	if err = lift(file, body, func(r io.Reader) (string, error) { return s.keep(r, "") }); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// document finds what a row or an envelope names: a part of the request, or s3://.
func (s *spool) document(ctx context.Context, source string) (jobs.Document, error) {
	if strings.Contains(source, "://") {
		return s.folder.Document(ctx, source)
	}
	name, ok := cleanName(source)
	if !ok {
		return jobs.Document{}, errors.New("must be the file name of a part of this request, or s3://bucket/key")
	}
	own, ok := s.parts[name]
	if !ok {
		return jobs.Document{}, errors.New("no part of this request has this file name")
	}
	return s.own(ctx, own, source)
}

// content is a file that was lifted out of JSON. Only now is its ending known, from which
// some types are told; another name for the same file has it.
func (s *spool) content(ctx context.Context, own, name string) (jobs.Document, error) {
	if !lifted.MatchString(own) {
		return jobs.Document{}, errors.New("has no content")
	}
	if ext := strings.ToLower(path.Ext(name)); ending.MatchString(ext) {
		if err := os.Link(filepath.Join(s.dir, own), filepath.Join(s.dir, own+ext)); err != nil && !errors.Is(err, os.ErrExist) {
			return jobs.Document{}, errors.New("could not be kept")
		}
		own += ext
	}
	return s.own(ctx, own, "")
}

// own gives a kept file as a document.
func (s *spool) own(ctx context.Context, own, source string) (jobs.Document, error) {
	d, err := s.folder.Document(ctx, own)
	d.Source, d.Name = source, ""
	if source != "" {
		d.Name = path.Base(strings.ReplaceAll(source, `\`, "/"))
	}
	return d, err
}

// cleanName is the one form of a part's file name. It is no path here: nothing is
// opened under it.
func cleanName(s string) (string, bool) {
	s = path.Clean(strings.ReplaceAll(strings.TrimSpace(s), `\`, "/"))
	return s, s != "." && s != "/"
}

// form is a multipart body: one part that says what is to be done, fields, and
// documents.
type form struct {
	main   string // the file in the spool
	name   string // its file name, as the client gave it
	fields map[string]string
}

const (
	maxField = 4 << 10 // bytes of a form's field
	maxParts = 100_000
)

// multipart keeps all parts. The part called main is the one that the others are for;
// every other part with a file name is a document under that name; parts without one
// are fields, of the given names only.
func (s *spool) multipart(r *http.Request, main string, fields ...string) (*form, error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, problem(http.StatusBadRequest, "the body is not multipart/form-data with a boundary")
	}
	f := &form{fields: map[string]string{}}
	for range maxParts {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			if f.main == "" {
				return nil, problem(http.StatusBadRequest, "the part "+main+" is missing")
			}
			return f, nil
		}
		if err != nil {
			return nil, broken(err)
		}
		if err := s.part(f, part, main, fields); err != nil {
			return nil, err
		}
	}
	return nil, problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d parts: split the campaign", maxParts))
}

func (s *spool) part(f *form, part *multipart.Part, main string, fields []string) error {
	name, file := part.FormName(), fileName(part)
	if name == main && f.main == "" {
		own, err := s.keep(part, "")
		if err != nil {
			return broken(err)
		}
		f.main, f.name = own, file
		return nil
	}
	if file != "" {
		clean, ok := cleanName(file)
		if !ok {
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
	for _, known := range fields {
		if name != known {
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err != nil {
			return broken(err)
		}
		if len(value) > maxField {
			return problem(http.StatusBadRequest, "the field "+name+" is too long")
		}
		f.fields[name] = string(value)
		return nil
	}
	return problem(http.StatusBadRequest, "a part without a file name must be one of the fields "+strings.Join(fields, ", "))
}

// fileName is a part's file name with its folders: mime/multipart cuts them off.
func fileName(part *multipart.Part) string {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return part.FileName()
	}
	return params["filename"]
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
	return problem(http.StatusBadRequest, "the body was cut or is malformed")
}
