package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/source"
)

// uploadDir keeps one request's files in a folder of its own, which only this process's
// user may read, until the request ends. Only names are held in memory.
type uploadDir struct {
	uploads *uploads
	dir     string
	n       int
	parts   map[string]string // the file name that the client gave → the file's own
	sheets  map[string]sheet  // spreadsheets that were looked through, by the file's own name
	folder  *campaign.Folder
	person  bool // somebody with a browser has sent them

	buffer     []byte            // of all copying
	unseen     int64             // bytes kept since the last look at the free space
	used       map[string]bool   // the parts that a document was
	meant      map[string]string // a part without a folder → the document that it was taken for
	understood string            // how a sheet's headings were
	confused   string            // a part that two documents in different folders could mean
}

func (s *uploadDir) close() {
	os.RemoveAll(s.dir)
	<-s.uploads.slots
}

// ending is one that a file name's type is told from, and nothing else.
var ending = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)

// lifted is the name of a file that was kept without one.
var lifted = regexp.MustCompile(`^[0-9]+$`)

// keep stores content under a name of its own, with the ending of the given one.
func (s *uploadDir) keep(content io.Reader, name string) (string, error) {
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
	if s.buffer == nil {
		s.buffer = make([]byte, 32<<10)
	}
	_, err = io.CopyBuffer(roomy{file, s}, struct{ io.Reader }{content}, s.buffer)
	if closing := file.Close(); err == nil {
		err = closing
	}
	return own, err
}

// roomy looks for free space while it writes.
type roomy struct {
	file *os.File
	dir  *uploadDir
}

func (w roomy) Write(p []byte) (int, error) {
	if w.dir.unseen += int64(len(p)); w.dir.unseen > lookAgain {
		w.dir.unseen = 0
		if err := w.dir.uploads.room(lookAgain); err != nil {
			return 0, err
		}
	}
	return w.file.Write(p)
}

// extractBase64 keeps a JSON body without the files that stand in it, which are kept by
// themselves.
func (s *uploadDir) extractBase64(body io.Reader, limits bodyLimits) (*os.File, error) {
	file, err := os.CreateTemp(s.dir, "json-") // 0600
	if err != nil {
		return nil, fmt.Errorf("keeping the upload: %w", err)
	}
	if err = extractBase64(roomy{file, s}, body, limits, func(r io.Reader) (string, error) { return s.keep(r, "") }); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// errSource is all that is told of a source that cannot be read. More would tell what
// else there is.
var errSource = errors.New("this source cannot be used: there is nothing to read, or this API key may not read it; send the file as a part, or its content")

// reading lets the upload find s3:// sources that a client may read.
func (s *uploadDir) reading(client *hashedKey, sources jobs.OpenSource, failed func(context.Context, error)) {
	places := client.sources
	if sources == nil {
		places = nil
	}
	open := source.Below(places, func(ctx context.Context, name string) (io.ReadCloser, error) {
		r, err := sources(ctx, name)
		if err != nil {
			failed(ctx, err)
		}
		return r, err
	})
	s.folder = campaign.NewFolder(s.dir, func(ctx context.Context, name string) (io.ReadCloser, error) {
		r, err := open(ctx, name)
		if err != nil {
			return nil, errSource
		}
		return r, nil
	})
}

// document finds what a row or an envelope names: a part of the request, or s3://.
func (s *uploadDir) document(ctx context.Context, source string) (jobs.Document, error) {
	if strings.HasPrefix(source, "s3://") {
		return s.folder.Document(ctx, source)
	}
	name, ok := cleanName(source)
	if !ok || strings.Contains(source, "://") {
		return jobs.Document{}, errors.New("must be the file name of a part of this request, or s3://bucket/key")
	}
	own, ok := s.part(name)
	if !ok {
		if s.person {
			return jobs.Document{}, lang.Errorf("%s is not among the uploaded files: choose it, too", strconv.QuoteToGraphic(name))
		}
		return jobs.Document{}, fmt.Errorf("no part of this request has the file name %s", strconv.QuoteToGraphic(name))
	}
	return s.own(ctx, own, source)
}

// documentsBelow finds what a row names below a folder.
func (s *uploadDir) documentsBelow(folder string) func(context.Context, string) (jobs.Document, error) {
	return func(ctx context.Context, source string) (jobs.Document, error) {
		name, ok := cleanName(source)
		if !ok || strings.Contains(source, "://") || !filepath.IsLocal(name) {
			return s.document(ctx, source)
		}
		d, err := s.document(ctx, path.Join(folder, name))
		if err == nil {
			d.Source = source
		}
		return d, err
	}
}

// part finds a part by its file name. Many programs send a file's name without its
// folder: such a part is taken for the one document that ends in its name.
func (s *uploadDir) part(name string) (own string, ok bool) {
	part := name
	if own, ok = s.parts[part]; !ok {
		if !filepath.IsLocal(name) || strings.Contains(name, ":") { // leads out of the CSV's folder
			return "", false
		}
		part = path.Base(name)
		if own, ok = s.parts[part]; !ok {
			return "", false
		}
	}
	s.used[part] = true
	if !strings.Contains(part, "/") {
		if other, taken := s.meant[part]; taken && other != name {
			s.confused = part
			return "", false
		}
		s.meant[part] = name
	}
	return own, true
}

// unused are the parts that nothing has named, in their order.
func (s *uploadDir) unused() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(s.parts)) {
		if !s.used[name] {
			names = append(names, strconv.QuoteToGraphic(name))
		}
	}
	return names
}

// content is a file that was lifted out of JSON. Only now is its ending known, from which
// some types are told; another name for the same file has it.
func (s *uploadDir) content(ctx context.Context, own, name string) (jobs.Document, error) {
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
func (s *uploadDir) own(ctx context.Context, own, source string) (jobs.Document, error) {
	d, err := s.folder.Document(ctx, own)
	d.Source, d.Name = source, ""
	if source != "" {
		d.Name = path.Base(strings.ReplaceAll(source, `\`, "/"))
	}
	return d, err
}

// cleanName is the one form of a part's file name: in NFC, because systems write the
// same accents in two ways. It is no path here: nothing is opened under it.
func cleanName(s string) (string, bool) {
	s = path.Clean(norm.NFC.String(strings.ReplaceAll(strings.TrimSpace(s), `\`, "/")))
	return s, s != "." && s != "/"
}
