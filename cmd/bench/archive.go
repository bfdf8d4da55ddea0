package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/archive/s3"
)

const (
	smallFile  = 200 << 10 // a signed contract
	smallFiles = 200
)

// archives compares a Put (streamed, hashed, checked, synced, create-only) with io.Copy
// to a file and its sync: one large file, and many small ones.
func archives(ctx context.Context, folder string, s sizes) ([]result, error) {
	local, err := dir.Open(filepath.Join(folder, "dir"))
	if err != nil {
		return nil, err
	}
	stores := []struct {
		name string
		archive.Archive
	}{{"folder", local}}
	stop, err := startS3(ctx, filepath.Join(folder, "s3"))
	switch {
	case errors.Is(err, errNoS3):
		fmt.Fprintln(os.Stderr, "archive: the bucket is left out:", err)
	case err != nil:
		return nil, err
	default:
		defer stop()
		bucket, err := s3.Open(ctx, "bench", "", s3.Settings{})
		if err != nil {
			return nil, err
		}
		stores = append(stores, struct {
			name string
			archive.Archive
		}{"bucket", bucket})
	}
	round := 0
	var all []result
	for _, store := range stores {
		for _, size := range []struct {
			name  string
			bytes int64
			files int
		}{{fmt.Sprintf("%d MiB", s.archive), int64(s.archive) << 20, 1}, {fmt.Sprintf("%d KiB each", smallFile>>10), smallFile, smallFiles}} {
			mib := float64(size.bytes) * float64(size.files) / (1 << 20)
			through := func(write func(name string, content io.Reader) error) measured {
				return func(context.Context) (float64, error) {
					round++
					v, err := perSecond(1, func() error { return writeFiles(round, size.files, size.bytes, write) })
					return v * mib, err
				}
			}
			ours := through(func(name string, content io.Reader) error {
				_, err := store.Put(ctx, name, content, "application/octet-stream", nil)
				return err
			})
			floor := through(func(name string, content io.Reader) error {
				return copyTo(filepath.Join(folder, "plain", name), content)
			})
			r, err := compare(ctx, s.rounds, "archive, "+store.name+", "+size.name, "MiB/s", "with SHA-256, synced, never over another", ours, floor)
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// writeFiles writes so many files of one size, which differ from round to round.
func writeFiles(round, files int, bytes int64, write func(name string, content io.Reader) error) error {
	for i := range files {
		if err := write(fmt.Sprintf("round-%d/%d/file.bin", round, i), noise(round*smallFiles+i, bytes)); err != nil {
			return err
		}
	}
	return nil
}

func copyTo(name string, content io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, content); err != nil {
		return err
	}
	return f.Sync()
}

// noise is content that costs next to nothing to make: the same random block again and
// again, another one for each seed.
func noise(seed int, size int64) io.Reader {
	block := make([]byte, 64<<10)
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	for i := range block {
		block[i] = byte(r.Uint32())
	}
	return io.LimitReader(&repeated{block: block}, size)
}

type repeated struct {
	block []byte
	at    int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	return n, nil
}
