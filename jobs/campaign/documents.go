package campaign

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// maxCached is how many files a [Folder] remembers. Campaigns share few documents among
// many rows; where every row has its own, remembering them gains nothing.
const maxCached = 4096

// Folder finds the documents of a campaign: files below the folder of its CSV file, and
// objects in S3.
//
// A path that leaves the folder is refused (a choice): absolute ones, "..", and links
// that point outside. A CSV file often comes from somebody else than the person who runs
// it, and what it names is sent to people.
//
// It may be used from many goroutines.
type Folder struct {
	dir    string
	s3     func(ctx context.Context, source string) (io.ReadCloser, error)
	except fs.FileInfo // a folder from which nothing is taken; nil for none
	called lang.Text   // as messages name it

	mu        sync.Mutex
	known     map[string]found
	listed    listing // the folder that was looked into last
	listedDir string
	missed    int
}

type found struct {
	document providers.Document
	err      error
}

// NewFolder looks below dir. s3 opens s3://bucket/key; nil: such sources are taken as they
// are and not looked into.
func NewFolder(dir string, s3 func(ctx context.Context, source string) (io.ReadCloser, error)) *Folder {
	return &Folder{dir: dir, s3: s3, called: lang.Of("the campaign file's folder"), known: make(map[string]found)}
}

// Called is how messages name the folder, which otherwise is the campaign file's.
func (f *Folder) Called(name string) { f.called = lang.Plain(name) }

// Missed counts the files that were looked for and are not there.
func (f *Folder) Missed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.missed
}

// Except refuses files in another folder, wherever it is and by whatever path they are
// named: an archive's contracts and faces are no documents to be sent. One that does not
// exist holds none.
func (f *Folder) Except(folder string) {
	f.except, _ = os.Stat(folder)
}

// Document finds the document that a row names, reads it through once and gives it with
// its size, type and hash. Its Open reads the file again.
func (f *Folder) Document(ctx context.Context, source string) (providers.Document, error) {
	if got, ok := f.remembered(source); ok {
		got.document.Source = source
		return got.document, got.err
	}
	open, name, err := f.locate(source)
	if err != nil {
		return providers.Document{}, err
	}
	if open == nil {
		return providers.Document{Name: path.Base(name), Source: source}, nil
	}
	got, ok := f.remembered(name) // the same file, written otherwise
	if !ok {
		got.document, got.err = inspect(ctx, name, open)
		if ctx.Err() != nil {
			return providers.Document{}, ctx.Err()
		}
		f.remember(name, got)
	}
	got.document.Source = source
	f.remember(source, got)
	return got.document, got.err
}

func (f *Folder) remembered(name string) (found, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	got, ok := f.known[name]
	return got, ok
}

func (f *Folder) remember(name string, got found) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.known) >= maxCached {
		clear(f.known)
	}
	f.known[name] = got
}

type opener = func(context.Context) (io.ReadCloser, error)

// locate gives the way to a source's content and the name under which it is remembered.
func (f *Folder) locate(source string) (opener, string, error) {
	if rest, ok := strings.CutPrefix(source, "s3://"); ok {
		if bucket, key, _ := strings.Cut(rest, "/"); bucket == "" || key == "" || strings.HasSuffix(key, "/") {
			return nil, "", lang.Errorf("must have the form s3://bucket/key")
		}
		if f.s3 == nil {
			return nil, source, nil
		}
		return func(ctx context.Context) (io.ReadCloser, error) { return f.s3(ctx, source) }, source, nil
	}
	if strings.Contains(source, "://") {
		return nil, "", lang.Errorf("must be a path relative to the campaign file, or s3://bucket/key")
	}
	name := path.Clean(strings.ReplaceAll(source, `\`, "/"))
	drive := len(name) > 1 && name[1] == ':'
	if path.IsAbs(name) || drive || name == ".." || strings.HasPrefix(name, "../") {
		return nil, "", lang.Errorf("must be a path below the campaign file's folder: without .. and not absolute")
	}
	return func(context.Context) (io.ReadCloser, error) { return f.openBelow(name) }, name, nil
}

// openBelow opens a regular file without ever leaving the folder. Stat comes first:
// opening a named pipe would wait for its writer.
func (f *Folder) openBelow(name string) (io.ReadCloser, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		other, same := f.spelled(root, name)
		if !same {
			return nil, f.absent(root, name)
		}
		name = other
		if info, err = root.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return nil, errDangling
		}
	}
	if err != nil {
		if f.leadsOut(name) {
			return nil, errOutside
		}
		return nil, err
	}
	if info.IsDir() {
		return nil, errFolder
	}
	if !info.Mode().IsRegular() {
		return nil, errSpecial
	}
	if f.except != nil {
		in, err := isIn(f.except, filepath.Join(f.dir, name))
		if err != nil {
			return nil, err
		}
		if in {
			return nil, errArchive
		}
	}
	return root.Open(name)
}

// isIn tells whether a file is in a folder, or below it. Folders are compared by what
// they are: links, and letters that a file system takes for the same, change nothing.
func isIn(folder fs.FileInfo, file string) (bool, error) {
	file, err := filepath.Abs(file)
	if err == nil {
		file, err = filepath.EvalSymlinks(file)
	}
	if err != nil {
		return false, err
	}
	for {
		above := filepath.Dir(file)
		info, err := os.Stat(above)
		if err != nil {
			return false, err
		}
		if os.SameFile(info, folder) {
			return true, nil
		}
		if above == file {
			return false, nil
		}
		file = above
	}
}

var (
	errFolder   = lang.Errorf("is a folder, not a file")
	errOutside  = lang.Errorf("is a link that leads out of the campaign file's folder")
	errDangling = lang.Errorf("is a link to a file that is not there")
	errSpecial  = lang.Errorf("is not a regular file")
	errArchive  = lang.Errorf("is in the archive's own folder, which is no source of documents")
)

// inspect reads a document through.
func inspect(ctx context.Context, name string, open opener) (providers.Document, error) {
	d := providers.Document{Name: norm.NFC.String(path.Base(name)), Open: open}
	if err := intake.Measure(ctx, &d, nil); err != nil {
		return providers.Document{}, explain(err)
	}
	return d, nil
}

// explain says what a person can do about a file that cannot be read; the system's own
// words hold the path.
func explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return lang.Errorf("there is no such file below the campaign file's folder")
	case errors.Is(err, fs.ErrPermission):
		return lang.Errorf("the file may not be read: permission denied")
	}
	if err, ok := errors.AsType[*fs.PathError](err); ok {
		return lang.Errorf("the file cannot be read: %w", err.Err)
	}
	return err
}
