package dir

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// List implements [archive.Archive]. It holds the names of one folder of each level.
func (a *Archive) List(ctx context.Context, prefix string) iter.Seq2[archive.Object, error] {
	return func(yield func(archive.Object, error) bool) {
		err := archive.CheckPrefix(prefix)
		if err == nil {
			folder, _ := path.Split(prefix)
			var whole bool
			if whole, err = a.walk(ctx, folder, prefix, yield); whole {
				err = a.present() // else it has found nothing, and that means nothing
			}
		}
		if err != nil {
			yield(archive.Object{}, lang.Errorf("list archive: %w", err))
		}
	}
}

// walk visits a folder, which is empty or ends with a slash. It tells whether to go on.
func (a *Archive) walk(ctx context.Context, folder, prefix string, yield func(archive.Object, error) bool) (bool, error) {
	names, err := a.names(ctx, folder)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		key := folder + name
		if !strings.HasPrefix(key, prefix) || archive.CheckKey(strings.TrimSuffix(key, "/")) != nil {
			continue
		}
		if strings.HasSuffix(key, "/") {
			if more, err := a.walk(ctx, key, prefix, yield); err != nil || !more {
				return false, err
			}
			continue
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		size, err := a.stat(key)
		if errors.Is(err, archive.ErrNotFound) { // gone meanwhile
			continue
		}
		if err != nil {
			return false, err
		}
		if !yield(archive.Object{Key: key, Size: size}, nil) {
			return false, nil
		}
	}
	return true, nil
}

// names are the files and folders in a folder, folders with a slash at the end, which
// puts them where the keys below them belong: "a.pdf" before "a/b" before "a0".
func (a *Archive) names(ctx context.Context, folder string) ([]string, error) {
	file, err := a.root.Open(cmp.Or(folder, "."))
	if err != nil && missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var names []string
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entries, err := file.ReadDir(1000)
		for _, entry := range entries {
			switch {
			case entry.IsDir():
				names = append(names, entry.Name()+"/")
			case entry.Type().IsRegular():
				names = append(names, entry.Name())
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(names)
	return names, nil
}
